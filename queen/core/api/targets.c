#include "targets.h"

#include <stdio.h>
#include <stdlib.h>

#include "address.h"
#include "codec.h"
#include "json_scan.h"
#include "json_write.h"
#include "metrics_text.h"

#define COST_DOCUMENT 120 /* of decoding one, and a unit for each two bytes */
#define META "__meta_skep_"
#define LABEL_SIZE (sizeof META + sizeof "label_" + MSG_KEY_MAX)

struct targets {
    struct listing slices;
    struct arena arena; /* of the selection */
    struct targets_wanted wanted;
    struct address own; /* the queen's; port 0 = it is not known */
    bool begun;
    uint32_t scanned; /* number of the last record that was examined */
    struct json_write w;
};

static enum err parse_kind(struct text value, unsigned *ret, struct errbuf *e)
{
    *ret = text_is(value, "queen")    ? TARGET_QUEEN
           : text_is(value, "worker") ? TARGET_WORKER
           : text_is(value, "hive")   ? TARGET_HIVE
                                      : 0;
    return *ret ? OK : err_set(e, ERR_RANGE, "kind: must be queen, worker or hive");
}

enum err targets_parse(const struct query *query, struct targets_wanted *ret, struct errbuf *e)
{
    static const char *const pages[] = { "limit", "cursor", "sort", "verified" };
    struct parameter filters[QUERY_MAX_PARAMETERS];
    struct query others = { .parameters = filters };
    unsigned kinds = 0;
    enum err err = OK;
    for (size_t i = 0; i < ARRAY_LEN(pages); i++)
        if (query_find(query, pages[i]))
            return err_set(e, ERR_UNKNOWN, "known are kind, state, status, hive, model and label.NAME");
    for (size_t i = 0; err == OK && i < query->count && others.count < QUERY_MAX_PARAMETERS; i++)
        if (text_is(query->parameters[i].name, "kind"))
            err = parse_kind(query->parameters[i].value, &kinds, e);
        else
            filters[others.count++] = query->parameters[i];
    if (err == OK && others.count > 0 && kinds & ~(unsigned)TARGET_WORKER)
        err = err_set(e, ERR_UNKNOWN, "filters are of workers: kind=worker");
    if (err != OK || (err = selection_parse(&others, &ret->selection, e)) != OK)
        return err;
    ret->kinds = kinds ? kinds : others.count > 0 ? TARGET_WORKER : TARGET_QUEEN | TARGET_WORKER;
    ret->selection.hives = kinds == TARGET_HIVE;
    return OK;
}

/* http://ADDRESS[:PORT], and what may follow. A name could be any address when it is looked up. */
static bool read_endpoint(const char *url, bool *ret_tls, struct address *ret)
{
    struct text rest = text_of(url);
    *ret_tls = text_skip(&rest, TEXT("https://"));
    if (!*ret_tls && !text_skip(&rest, TEXT("http://")))
        return false;
    rest.len = strcspn(rest.at, "/?#");
    return address_parse(rest, *ret_tls ? 443 : 80, ret, NULL) == OK;
}

static void put_text(struct json_write *w, const char *key, struct text value)
{
    auto_clear(buf) harmless = BUF_INIT;
    if (!value.at)
        return;
    metrics_text_harmless(&harmless, value);
    w->buf->failed |= !buf_ok(&harmless);
    json_add_str(w, key, buf_str(&harmless));
}

static void put_str(struct json_write *w, const char *key, const char *value)
{
    put_text(w, key, text_of(value));
}

/* The name of a label of Prometheus has letters, digits and `_`. */
static void put_label(struct json_write *w, const struct json_value *label)
{
    char key[LABEL_SIZE];
    snprintf(key, sizeof key, META "label_%.*s", (int)label->key.len, label->key.at);
    for (char *at = key; *at; at++)
        if (!text_consists_of((struct text){ at, 1 }, "_"))
            *at = '_';
    put_text(w, key, label->string);
}

static void put_labels(struct json_write *w, const struct json_value *labels)
{
    if (!labels)
        return;
    JSON_EACH(label, labels)
    {
        put_label(w, label);
    }
}

static void open_target(struct targets *targets, const struct address *address, const char *kind)
{
    char text[ADDRESS_TEXT_SIZE];
    address_print(address->host, address->port, text);
    json_open(&targets->w, '{');
    json_open_member(&targets->w, "targets", '[');
    json_put_str(&targets->w, text);
    json_close(&targets->w, ']');
    json_open_member(&targets->w, "labels", '{');
    json_add_str(&targets->w, META "kind", kind);
}

static void close_target(struct targets *targets)
{
    json_close(&targets->w, '}');
    json_close(&targets->w, '}');
}

/* What its last heartbeat says. */
struct said {
    const char *endpoint, *model, *version;
    const struct json_value *labels;
};

static bool read_document(struct queen *queen, const struct record *record, struct said *ret)
{
    struct hive_heartbeat hive;
    struct heartbeat worker;
    enum err err;
    if (!record->endpoint || !record->document)
        return false;
    if (record_is_hive(record)) {
        err = hive_heartbeat_decode(&queen->scan, document_text(record->document), &hive, NULL);
        *ret = (struct said){ hive.endpoint, NULL, hive.version, NULL };
    } else {
        err = heartbeat_decode(&queen->scan, document_text(record->document), &worker, NULL);
        *ret = (struct said){ worker.endpoint, worker.model_loaded, worker.version, worker.labels };
    }
    return err == OK && ret->endpoint;
}

static void write_record(struct queen *queen, struct targets *targets, const struct record *record)
{
    struct json_write *w = &targets->w;
    struct address address;
    struct said said;
    bool tls;
    if (!read_document(queen, record, &said) || !read_endpoint(said.endpoint, &tls, &address) ||
        !cidr_list_has_host(queen->options.sd_endpoints, text_of(address.host)))
        return;
    open_target(targets, &address, record_is_hive(record) ? "hive" : "worker");
    if (tls)
        json_add_str(w, "__scheme__", "https");
    json_add_str(w, META "hive", record_hive(record));
    if (!record_is_hive(record))
        json_add_str(w, META "worker", record_worker(record));
    json_add_str(w, META "state", record_state_name(record, record->state));
    put_str(w, META "endpoint", said.endpoint);
    put_str(w, META "model", said.model);
    put_str(w, META "version", said.version);
    put_labels(w, said.labels);
    close_target(targets);
}

static void take(struct queen *queen, struct targets *targets, const struct roll_entry *entry)
{
    bool reads = false;
    if (!selection_matches(queen, &targets->wanted.selection, entry, &reads))
        return;
    if (entry->record->endpoint || reads)
        targets->slices.cost += COST_DOCUMENT + (unsigned)document_text(entry->record->document).len / 2;
    write_record(queen, targets, entry->record);
    arena_reset(&queen->scan);
}

/* True: that was all. */
static bool scan(struct queen *queen, struct targets *targets)
{
    const struct roll *roll = &queen->registry.roll;
    size_t at = roll_after(roll, targets->scanned);
    for (; at < roll->count && !slice_is_over(&targets->slices); at++) {
        targets->scanned = roll->entries[at].number;
        targets->slices.cost++;
        if (roll->entries[at].record)
            take(queen, targets, &roll->entries[at]);
    }
    return at == roll->count;
}

static void begin(const struct queen *queen, struct targets *targets)
{
    json_open(&targets->w, '[');
    targets->begun = true;
    if (!(targets->wanted.kinds & TARGET_QUEEN) || targets->own.port == 0)
        return;
    open_target(targets, &targets->own, "queen");
    json_add_str(&targets->w, META "queen", queen->options.id);
    json_add_str(&targets->w, META "version", queen->options.version);
    close_target(targets);
}

static bool targets_go_on(struct queen *queen, struct listing *slices)
{
    struct targets *targets = (struct targets *)slices;
    bool has_records = targets->wanted.kinds != TARGET_QUEEN && queen->options.sd_endpoints;
    targets->w.buf = slices->body;
    if (!targets->begun)
        begin(queen, targets);
    if (has_records && !scan(queen, targets))
        return true;
    json_close(&targets->w, ']');
    return false;
}

static size_t targets_bytes(const struct listing *slices)
{
    (void)slices;
    return sizeof(struct targets);
}

static void targets_free(struct listing *slices)
{
    struct targets *targets = (struct targets *)slices;
    arena_clear(&targets->arena);
    free(targets);
}

static const struct listing_kind kind = { targets_go_on, NULL, targets_bytes, targets_free };

enum err targets_new(const struct targets_wanted *wanted, const char *host, struct listing **ret)
{
    struct targets *targets = calloc(1, sizeof *targets);
    if (!targets)
        return ERR_NOMEM;
    targets->slices.kind = &kind;
    targets->wanted.kinds = wanted->kinds;
    if (host)
        (void)address_parse(text_of(host), 80, &targets->own, NULL); /* else it stays unknown */
    if (selection_copy(&targets->arena, &wanted->selection, &targets->wanted.selection) != OK) {
        targets_free(&targets->slices);
        return ERR_NOMEM;
    }
    *ret = &targets->slices;
    return OK;
}
