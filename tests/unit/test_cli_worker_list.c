#include "worker_list.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <wchar.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#define WORKER(hive, name, state)                                                                           \
    "{\"worker_id\":\"" name "\",\"hive_id\":\"" hive "\",\"state\":\"" state "\",\"cause\":\"birth\","     \
    "\"since_ms_ago\":192000,\"last_seen_ms_ago\":1200,\"clock_skew_ms\":12,\"flags\":[\"a\",1,\"b\"],"     \
    "\"heartbeat\":{\"status\":\"idle\",\"queue_depth\":3,\"model_loaded\":\"m\",\"gpu_utilization\":0.45," \
    "\"last_inference_ms\":1234.5,\"version\":\"1.2\",\"host\":\"box\"}}"

static const char one[] = WORKER("h1", "w1", "online");
static const char bare[] = "{\"worker_id\":\"w2\",\"hive_id\":\"h1\",\"state\":\"stale\",\"cause\":\"last_will\","
                           "\"since_ms_ago\":0,\"last_seen_ms_ago\":null,\"clock_skew_ms\":null,\"flags\":[],"
                           "\"heartbeat\":null}";
static const char far[] = WORKER("h2", "w1", "online");

static int use_utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static void add(struct worker_list *list, const char *json)
{
    cJSON *worker = cJSON_Parse(json);
    assert_non_null(worker);
    worker_list_add(list, worker);
    cJSON_Delete(worker);
}

static const struct {
    const char *why, *format;
    const char *workers[3];
    bool colour;
    const char *text;
} forms[] = {
    { "one hive: names alone; what is unknown is a dash",
      "table",
      { one, bare },
      false,
      "WORKER  STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
      "w1      online  3m 12s         1s  idle        3  m\n"
      "w2      stale      0ms          -  -           -  -\n" },
    { "several hives: names with their hive, in order",
      "table",
      { far, one },
      false,
      "WORKER  STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
      "h1/w1   online  3m 12s         1s  idle        3  m\n"
      "h2/w1   online  3m 12s         1s  idle        3  m\n" },
    { "the state has its colour",
      "table",
      { one },
      true,
      "WORKER  STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
      "w1      \033[32monline\033[0m  3m 12s         1s  idle        3  m\n" },
    { "every column",
      "wide",
      { one, bare },
      false,
      "WORKER  STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL  HIVE  CAUSE      GPU  LATENCY   SKEW  VERSION  "
      "HOST  "
      "FLAGS\n"
      "w1      online  3m 12s         1s  idle        3  m      h1    birth      45%   1234ms  +12ms  1.2      box "
      "  "
      "a,b\n"
      "w2      stale      0ms          -  -           -  -      h1    last_will    -        -      -  -        -   "
      "  "
      "-\n" },
    { "an empty table is nothing", "table", { NULL }, false, "" },
    { "names for scripts are whole", "name", { one, bare, far }, false, "h1/w1\nh1/w2\nh2/w1\n" },
    { "no names", "name", { NULL }, false, "" },
    { "one worker per line",
      "jsonl",
      { bare },
      false,
      "{\"worker_id\":\"w2\",\"hive_id\":\"h1\",\"state\":\"stale\",\"cause\":\"last_will\",\"since_ms_ago\":0,"
      "\"last_seen_ms_ago\":null,\"clock_skew_ms\":null,\"flags\":[],\"heartbeat\":null}\n" },
    { "the list document",
      "json",
      { "{\"worker_id\":\"a\"}", "{\"worker_id\":\"b\"}" },
      false,
      "{\"workers\":[{\"worker_id\":\"a\"},{\"worker_id\":\"b\"}],\"total\":2,\"next\":null,\"view\":\"live\"}\n" },
    { "an empty list is a document, too",
      "json",
      { NULL },
      false,
      "{\"workers\":[],\"total\":0,\"next\":null,\"view\":\"live\"}\n" },
};

static void each_format_has_its_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        struct buf out = BUF_INIT;
        struct display display = { .colour = forms[i].colour };
        auto_free(worker_list) list = worker_list_new(forms[i].format);
        print_message("  %s\n", forms[i].why);
        assert_non_null(list);
        for (size_t w = 0; w < ARRAY_LEN(forms[i].workers) && forms[i].workers[w]; w++)
            add(list, forms[i].workers[w]);
        assert_int_equal(worker_list_print(list, "live", &display, &out), OK);
        assert_string_equal(buf_str(&out), forms[i].text);
        buf_clear(&out);
    }
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123"
#define ROW "    gpu-7   stale   2m         2m         error       9  llama                            "

/* Every text of a worker's documents, hostile: escape sequences, ends of lines, what looks like another row behind
 * blanks, what is wide, what is long. */
static const char hostile[] =
    "{\"worker_id\":\"" LONG "\",\"hive_id\":\"" LONG "\",\"state\":\"on\\u001b[2Jline\",\"cause\":\"birth\\nx\","
    "\"since_ms_ago\":9007199254740992,\"last_seen_ms_ago\":9007199254740992,\"clock_skew_ms\":-9007199254740992,"
    "\"flags\":[\"" ROW ROW "\",\"模型模型模型模型模型模型模型模型模型模型\"],"
    "\"heartbeat\":{\"status\":\"" ROW ROW "\",\"queue_depth\":9007199254740992,\"model_loaded\":\"" ROW ROW
    "模型\\r\\n\\u2028\\u202e\",\"gpu_utilization\":1,\"last_inference_ms\":9007199254740992,\"version\":\"" ROW ROW
    "\",\"host\":\"" ROW ROW "\"}}";

static void expect_table(const char *out, size_t width)
{
    size_t lines = 0;
    for (struct text rest = text_of(out); rest.len > 0; lines++) {
        struct text line = text_split(&rest, '\n');
        wchar_t wide[4096];
        char copy[4096] = "";
        assert_in_range(line.len, 1, sizeof copy - 1);
        memcpy(copy, line.at, line.len);
        assert_true(mbstowcs(wide, copy, ARRAY_LEN(wide)) != (size_t)-1);
        assert_in_range(wcswidth(wide, ARRAY_LEN(wide)), 1, width); /* so nothing is a control character, either */
        assert_true(lines == 0 ? strncmp(copy, "WORKER", 6) == 0 : copy[0] == 'h' || copy[0] == '0');
    }
    assert_int_equal(lines, 3);
}

static void a_terminal_of_any_width_has_one_line_per_worker(void **state)
{
    static const char *const formats[] = { "table", "wide" };
    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(formats); f++) {
        for (size_t width = 6; width < 300; width++) {
            struct buf out = BUF_INIT;
            auto_free(worker_list) list = worker_list_new(formats[f]);
            add(list, hostile);
            add(list, one);
            assert_int_equal(worker_list_print(list, "live", &(struct display){ .width = width }, &out), OK);
            expect_table(buf_str(&out), width);
            buf_clear(&out);
        }
    }
}

static void long_texts_are_cut_first_and_names_last(void **state)
{
    static const char worker[] = WORKER("h1", "llama-on-gpu-7", "online");
    static const struct {
        size_t width;
        const char *text;
    } rows[] = {
        { 0, "WORKER          STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
             "llama-on-gpu-7  online  3m 12s         1s  idle        3  llama-3-70b\n" },
        { 70, "WORKER          STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
              "llama-on-gpu-7  online  3m 12s         1s  idle        3  llama-3-70b\n" },
        { 66, "WORKER          STATE    SINCE  LAST BEAT  STATUS  QUEUE  MODEL\n"
              "llama-on-gpu-7  online  3m 12s         1s  idle        3  llama-3…\n" },
        { 56, "WORKER          STATE    SINCE  LAST BEAT  STATUS  QUEUE\n"
              "llama-on-gpu-7  online  3m 12s         1s  idle        3\n" },
        { 40, "WORKER          STATE    SINCE\n"
              "llama-on-gpu-7  online  3m 12s\n" },
        { 21, "WORKER         STATE\n"
              "l…ma-on-gpu-7  online\n" },
        { 10, "WORKER\nl…on-gpu-7\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        auto_free(worker_list) list = worker_list_new("table");
        cJSON *document = cJSON_Parse(worker);
        cJSON_ReplaceItemInObject(cJSON_GetObjectItem(document, "heartbeat"), "model_loaded",
                                  cJSON_CreateString("llama-3-70b"));
        worker_list_add(list, document);
        cJSON_Delete(document);
        assert_int_equal(worker_list_print(list, "live", &(struct display){ .width = rows[i].width }, &out), OK);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_clear(&out);
    }
}

#define EU(zone, number) WORKER("inference-eu-west-" zone, "llama-3-70b-instruct-" number, "online")
#define LONG_ID "a-worker-with-a-name-that-is-much-longer-than-those-of-all-others"

/* Whatever the width, as long as there is room for what differs. */
static void different_workers_look_different(void **state)
{
    static const struct {
        const char *why, *format;
        const char *workers[4];
        size_t width;
        const char *text, *hidden;
    } rows[] = {
        { "long names stay whole before other columns",
          "table",
          { EU("1a", "0"), EU("1b", "0") },
          80,
          "WORKER                                       STATE    SINCE  LAST BEAT  STATUS\n"
          "inference-eu-west-1a/llama-3-70b-instruct-0  online  3m 12s         1s  idle\n"
          "inference-eu-west-1b/llama-3-70b-instruct-0  online  3m 12s         1s  idle\n",
          "QUEUE, MODEL" },
        { "a cut name keeps its end",
          "table",
          { EU("1a", "0"), EU("1b", "0") },
          40,
          "WORKER                            STATE\n"
          "infe…t-1a/llama-3-70b-instruct-0  online\n"
          "infe…t-1b/llama-3-70b-instruct-0  online\n",
          "SINCE, LAST BEAT, STATUS, QUEUE, MODEL" },
        { "one long name is cut, and the others keep their columns",
          "table",
          { WORKER("h1", "w1", "online"), WORKER("h1", "w2", "online"), WORKER("h1", LONG_ID, "online") },
          80,
          NULL,
          "" },
        { "wide", "wide", { EU("1a", "0"), EU("1a", "1"), EU("1b", "0"), EU("1b", "1") }, 132, NULL, NULL },
        { "wide, in few columns",
          "wide",
          { EU("1a", "0"), EU("1b", "0") },
          80,
          NULL,
          "QUEUE, MODEL, HIVE, CAUSE, GPU, LATENCY, SKEW, VERSION, HOST, FLAGS" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT, hidden = BUF_INIT;
        auto_free(worker_list) list = worker_list_new(rows[i].format);
        print_message("  %s\n", rows[i].why);
        for (size_t w = 0; w < ARRAY_LEN(rows[i].workers) && rows[i].workers[w]; w++)
            add(list, rows[i].workers[w]);
        assert_int_equal(worker_list_print(list, "live", &(struct display){ .width = rows[i].width }, &out), OK);
        worker_list_add_hidden(list, &hidden);
        print_message("%s[%s]\n", buf_str(&out), buf_str(&hidden));
        if (rows[i].text)
            assert_string_equal(buf_str(&out), rows[i].text);
        if (rows[i].hidden)
            assert_string_equal(buf_str(&hidden), rows[i].hidden);
        buf_clear(&out);
        buf_clear(&hidden);
    }
}

/* Step by step it would take hours. */
static void names_that_no_queen_has_are_cut_all_the_same(void **state)
{
    enum { LEN = 60000, SHORT = 500 };
    auto_free(worker_list) list = worker_list_new("table");
    auto_clear(buf) out = BUF_INIT;
    (void)state;
    for (int i = 0; i < SHORT + 2; i++) {
        auto_clear(buf) worker = BUF_INIT;
        size_t len = i < SHORT ? 1 : LEN;
        buf_add_str(&worker, "{\"hive_id\":\"h1\",\"state\":\"online\",\"worker_id\":\"");
        for (size_t n = 0; n < len; n++)
            buf_add_char(&worker, n == LEN / 2 && i > SHORT ? 'b' : 'a');
        buf_printf(&worker, "%d\"}", i < SHORT ? i : 0);
        add(list, buf_str(&worker));
    }
    assert_int_equal(worker_list_print(list, "live", &(struct display){ .width = 80 }, &out), OK);
    for (struct text rest = buf_text(&out); rest.at && rest.len > 0;)
        assert_in_range(printable_width(text_split(&rest, '\n')), 1, 80);
}

static void names_are_ordered_by_their_numbers(void **state)
{
    static const char *const workers[] = { WORKER("h", "gpu-10", "online"), WORKER("h", "gpu-2", "online"),
                                           WORKER("h", "cpu-3", "online") };
    struct buf out = BUF_INIT;
    auto_free(worker_list) list = worker_list_new("table");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(workers); i++)
        add(list, workers[i]);
    assert_int_equal(worker_list_print(list, "live", &(struct display){ 0 }, &out), OK);
    assert_true(strstr(buf_str(&out), "cpu-3") < strstr(buf_str(&out), "gpu-2"));
    assert_true(strstr(buf_str(&out), "gpu-2") < strstr(buf_str(&out), "gpu-10"));
    buf_clear(&out);
}

static void a_watched_list_goes_on_with_changes(void **state)
{
    static const char event[] = "{\"worker_id\":\"w\",\"hive_id\":\"h\",\"previous\":\"online\",\"state\":\"stale\","
                                "\"cause\":\"last_will\",\"since\":\"T\"}";
    static const struct {
        const char *why, *format, *text; /* NULL: not watchable */
    } rows[] = {
        { "a line for people", "table", "T h/w online -> stale (last_will)\n" },
        { "the same behind a wide table", "wide", "T h/w online -> stale (last_will)\n" },
        { "the event for scripts", "jsonl",
          "{\"worker_id\":\"w\",\"hive_id\":\"h\",\"previous\":\"online\",\"state\":\"stale\",\"cause\":\"last_will\","
          "\"since\":\"T\"}\n" },
        { "one document has an end", "json", NULL },
        { "names say no change", "name", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        cJSON *change = cJSON_Parse(event);
        auto_free(worker_list) list = worker_list_new(rows[i].format);
        print_message("  %s\n", rows[i].why);
        assert_non_null(list);
        assert_int_equal(worker_list_is_watchable(list), rows[i].text != NULL);
        worker_list_add_change(list, change, &(struct display){ 0 }, &out);
        assert_string_equal(buf_str(&out), rows[i].text ? rows[i].text : "");
        cJSON_Delete(change);
        buf_clear(&out);
    }
}

/* By this skep ends lists that have no end. */
static void its_size_grows_with_workers_and_text(void **state)
{
    static const char *const formats[] = { "table", "wide", "json", "jsonl", "name" };
    static const char *const workers[] = { bare, one,
                                           WORKER("h1", "a-much-longer-name-than-any-other-one-here-has", "x") };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
        struct worker_list *list = worker_list_new(formats[i]);
        size_t before = 0, grown = 0;
        for (size_t k = 0; k < ARRAY_LEN(workers); k++) {
            size_t last = grown;
            add(list, workers[k]);
            grown = worker_list_size(list) - before;
            before += grown;
            assert_true(grown > last || (k == 1 && i == 4)); /* names h1/w2 and h1/w1 */
        }
        worker_list_free(list);
    }
}

static void an_unknown_format_is_none(void **state)
{
    (void)state;
    assert_null(worker_list_new("yaml"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_format_has_its_form),
        cmocka_unit_test(a_terminal_of_any_width_has_one_line_per_worker),
        cmocka_unit_test(long_texts_are_cut_first_and_names_last),
        cmocka_unit_test(different_workers_look_different),
        cmocka_unit_test(names_that_no_queen_has_are_cut_all_the_same),
        cmocka_unit_test(names_are_ordered_by_their_numbers),
        cmocka_unit_test(a_watched_list_goes_on_with_changes),
        cmocka_unit_test(its_size_grows_with_workers_and_text),
        cmocka_unit_test(an_unknown_format_is_none),
    };
    return cmocka_run_group_tests(tests, use_utf8, NULL);
}
