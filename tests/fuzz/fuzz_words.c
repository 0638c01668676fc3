/* The small texts that come from outside, from people and from the kernel: numbers, addresses, networks, times, names,
 * command lines, URLs, files of /proc and of a hive's state directory. Any bytes, as each of them. */
#include <math.h>
#include <stdio.h>
#include <strings.h>

#include <curl/curl.h>

#include "address.h"
#include "argv_split.h"
#include "buf.h"
#include "cidr.h"
#include "facts.h"
#include "feed_fields.h"
#include "fuzz.h"
#include "health_answer.h"
#include "health_target.h"
#include "host_text.h"
#include "http_url.h"
#include "httpd_names.h"
#include "line_reader.h"
#include "poll_options.h"
#include "proc.h"
#include "state_text.h"
#include "timetext.h"
#include "tls_fault.h"
#include "topic.h"
#include "url_query.h"
#include "worker_ref.h"

#define LINE_LIMIT 16

/* A refusal has a sentence that can be shown, nothing else has one. */
static void check_sentence(enum err err, struct errbuf *e)
{
    require((err == OK) == (e->text[0] == '\0'));
    e->text[0] = '\0';
}

static void run_numbers(struct text text)
{
    int64_t number = 7;
    uint64_t hex = 7;
    ms_t duration = 7;
    char printed[64];
    if (text_to_int(text, &number) == OK)
        require(text_to_int(text_of(INT_TEXT(number)), &number) == OK);
    else
        require(number == 7);
    if (text_to_duration(text, &duration) == OK)
        require(text_to_duration(text_of(DURATION_TEXT(duration)), &number) == OK && number == duration);
    if (text_to_size(text, &number) == OK)
        require(text_to_size(text_of(size_to_text(number, printed)), &duration) == OK && number == duration);
    if (text_to_hex64(text, &hex) == OK)
        require(text_to_hex64(text_of(HEX64_TEXT(hex)), &hex) == OK && hex != 0);
    text_to_printable(text, printed, sizeof printed);
    require(text_is_utf8(text_of(printed)) && !text_has_control(text_of(printed)));
}

static void run_addresses(struct text text)
{
    struct errbuf e = { 0 };
    struct address address, again;
    struct cidr_list list;
    enum err err = address_parse(text, 80, &address, &e);
    char printed[ADDRESS_TEXT_SIZE];
    check_sentence(err, &e);
    if (err == OK) {
        require(address.port >= 0 && address.port <= 65535);
        address_print(address.host, address.port, printed);
        require(address_parse(text_of(printed), ADDRESS_PORT_NEEDED, &again, &e) == OK);
        require(strcmp(again.host, address.host) == 0 && again.port == address.port);
        (void)address_is_loopback(&address);
    }
    err = cidr_list_parse(text, &list, &e);
    check_sentence(err, &e);
    for (size_t i = 0; err == OK && i < list.count; i++)
        require(list.at[i].bits <= (list.at[i].v6 ? 128 : 32) &&
                cidr_list_has(&list, list.at[i].v6, list.at[i].address));
}

/* Whoever may be listed has what is listed, with a port or a dot as well; and without a list only the loopback does. */
static void run_hosts(const char *word)
{
    struct errbuf e = { 0 };
    struct address loopback = { .host = "127.0.0.1" }, address;
    struct httpd_names names;
    struct text rest = text_of(word), entry = text_trim(text_split(&rest, ','));
    char host[ADDRESS_TEXT_SIZE];
    enum err err = httpd_names_check(word, &e);
    check_sentence(err, &e);
    httpd_names_init(&names, &loopback, false, word);
    if (err == OK) {
        bool v6 = memchr(entry.at, ':', entry.len);
        snprintf(host, sizeof host, v6 ? "[%.*s]:80" : "%.*s:80", (int)entry.len, entry.at);
        require(httpd_names_has(&names, text_of(host)));
    }
    names.more = NULL;
    if (httpd_names_has(&names, text_of(word))) {
        if (address_parse(text_of(word), 80, &address, NULL) == OK)
            require(address_is_loopback(&address) || strcasecmp(address.host, "localhost.") == 0);
        else
            require(word[strlen(word) - 1] == ':');
    }
}

static void run_time(struct text text)
{
    char printed[TIMETEXT_SIZE];
    ms_t wall, again;
    if (text_to_time(text, &wall) != OK)
        return;
    time_to_text(wall, printed);
    require(text_to_time(text_of(printed), &again) == OK && again == wall);
}

/* Of people, terminated. */
static void run_names(const char *word)
{
    struct errbuf e = { 0 };
    struct worker_ref ref;
    struct health_target target;
    struct buf url = BUF_INIT;
    double multiplier;
    unsigned jitter;
    char topic[TOPIC_SIZE];
    enum err err = worker_ref_parse(word, &ref, &e);
    check_sentence(err, &e);
    if (err == OK)
        require(text_is_id(text_of(ref.worker)) && (!ref.hive[0] || text_is_id(text_of(ref.hive))));
    err = worker_or_hive_ref_parse(word, &ref, &e);
    check_sentence(err, &e);
    err = health_target_parse(word, &target, &e);
    check_sentence(err, &e);
    if (err == OK && target.kind != TARGET_URL)
        require(health_target_topic(&target, "skep/v1", topic) == OK);
    err = poll_multiplier_parse(word, &multiplier, &e);
    check_sentence(err, &e);
    require(err != OK || (multiplier >= 1 && multiplier <= 100));
    err = poll_jitter_parse(word, &jitter, &e);
    check_sentence(err, &e);
    require(err != OK || jitter <= 100);
    url_query_add(&url, "a", word);
    require(text_consists_of((struct text){ url.at + 3, url.len - 3 }, "-._~%"));
    buf_clear(&url);
    require(tls_fault_text(word)[0] && address_shown(word));
}

static void run_url(const char *word)
{
    struct errbuf e = { 0 };
    struct Curl_URL *parsed;
    char *url, *again;
    struct text rest, host;
    enum err err = http_url_parse(word, "/health", &parsed, &e);
    check_sentence(err, &e);
    if (err == OK)
        curl_url_cleanup(parsed);
    err = http_url_read(word, "/", &url, &e);
    check_sentence(err, &e);
    if (err != OK)
        return;
    rest = text_of(strstr(url, "://"));
    require(rest.at && text_skip(&rest, TEXT("://")) && strncmp(url, "http", 4) == 0);
    host = text_split(&rest, '/');
    require(!memchr(host.at, '@', host.len) && !strchr(url, '?') && !strchr(url, '#')); /* no login in it */
    require(http_url_read(url, "/", &again, &e) == OK); /* not always the same: %33 is 3, and that is 0.0.0.3 */
    free(again);
    free(url);
}

/* Words in quotes are the same words again. */
static void run_command(struct text text)
{
    struct errbuf e = { 0 };
    struct arena arena;
    struct buf quoted = BUF_INIT;
    char **words, **again;
    size_t count, same;
    enum err err;
    arena = (struct arena){ 0 };
    err = argv_split(&arena, text, &words, &count, &e);
    check_sentence(err, &e);
    for (size_t i = 0; err == OK && i < count; i++) {
        buf_add_str(&quoted, i ? " '" : "'");
        for (const char *at = words[i]; *at; at++)
            *at == '\'' ? buf_add_str(&quoted, "'\\''") : buf_add_char(&quoted, *at);
        buf_add_char(&quoted, '\'');
    }
    if (err == OK) {
        require(!words[count] && argv_split(&arena, buf_text(&quoted), &again, &same, &e) == OK && same == count);
        for (size_t i = 0; i < count; i++)
            require(strcmp(words[i], again[i]) == 0);
    }
    buf_clear(&quoted);
    arena_clear(&arena);
}

static void run_kernel(struct text text)
{
    struct proc_stat stat;
    struct text path = proc_cgroup_path(text);
    int64_t number;
    if (proc_stat_parse(text, &stat) == OK)
        require(stat.pid > 0 && stat.parent >= 0);
    require(!path.at || path.at[0] == '/');
    if (cgroup_event_parse(text, "oom_kill", &number) == OK)
        require(number >= 0);
    require(host_memory(text, "MemTotal") >= -1);
}

static void run_state(struct text text)
{
    struct agent_record record, again;
    struct buf written = BUF_INIT;
    (void)state_text_is_lost(text);
    if (state_text_read(text, &record) != OK)
        return;
    state_text_write(&record, &written);
    require(state_text_read(buf_text(&written), &again) == OK);
    require(again.birth.pid == record.birth.pid && again.fingerprint == record.fingerprint &&
            again.birth.session == record.birth.session && strcmp(again.boot_id, record.boot_id) == 0);
    buf_clear(&written);
}

static void run_health(struct text text)
{
    struct health_answer answer;
    struct errbuf e = { 0 };
    struct arena arena;
    enum err err;
    arena = (struct arena){ .limit = 1024 * 1024 };
    err = health_answer_parse(&arena, text, "", &answer, &e);
    check_sentence(err, &e);
    require(err != OK || (text_is_utf8(text_of(answer.description)) && !text_has_control(text_of(answer.description))));
    arena_clear(&arena);
}

/* What is read in pieces of `piece` bytes has the same lines as in one. */
static void read_lines(struct text text, size_t piece, struct buf *ret)
{
    struct line_reader reader;
    struct line line;
    line_reader_init(&reader, LINE_LIMIT);
    while (text.len > 0) {
        struct text rest = { text.at, text.len < piece ? text.len : piece };
        text = (struct text){ text.at + rest.len, text.len - rest.len };
        while (line_reader_next(&reader, &rest, &line)) {
            require(line.is_too_long ? !line.text.at : line.text.len <= LINE_LIMIT);
            buf_printf(ret, "%d:", (int)line.number);
            buf_add_text(ret, line.text);
        }
    }
    if (line_reader_end(&reader, &line))
        buf_add_text(ret, line.text);
    line_reader_clear(&reader);
}

static void run_lines(struct text text)
{
    struct buf whole = BUF_INIT, pieces = BUF_INIT;
    read_lines(text, text.len, &whole);
    read_lines(text, 3, &pieces);
    require(text_equal(buf_text(&whole), buf_text(&pieces)));
    buf_clear(&whole);
    buf_clear(&pieces);
}

/* What a feed has set is taken back without a trace but its status. */
static void run_feed(struct text text)
{
    static struct facts facts;
    struct feed_fields fields = { 0 };
    struct buf withdrawn = BUF_INIT;
    struct errbuf e = { 0 };
    facts_init(&facts);
    if (feed_fields_note(&fields, text, NULL) == OK && facts_merge(&facts, text, 0, NULL) == OK) {
        feed_fields_withdraw(&fields, &withdrawn);
        require(facts_merge(&facts, buf_text(&withdrawn), 0, &e) == OK);
        require(facts.metrics_count == 0 && facts.labels_count == 0 && !facts.model_loaded[0] && !facts.host[0]);
        require(isnan(facts.queue_depth) && isnan(facts.inflight) && isnan(facts.stall_ms));
        require(facts_progress_count(&facts) == INT_ABSENT && fields.count == 0);
    }
    buf_clear(&withdrawn);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct text text = { (const char *)bytes, len };
    struct arena arena;
    const char *word;
    arena = (struct arena){ 0 };
    require((word = arena_copy(&arena, text)));
    run_numbers(text);
    run_addresses(text);
    run_hosts(word);
    run_time(text);
    run_names(word);
    run_url(word);
    run_command(text);
    run_kernel(text);
    run_state(text);
    run_health(text);
    run_lines(text);
    run_feed(text);
    arena_clear(&arena);
    return 0;
}
