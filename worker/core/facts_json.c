/* facts_json.c - facts from and to JSON. */
#include <cjson/cJSON.h>
#include <math.h>

#include "codec.h"
#include "facts.h"
#include "json.h"
#include "json_write.h"

/* By hand, because the core may not call cJSON. */
static bool is_null(const cJSON *value)
{
    return (value->type & 0xff) == cJSON_NULL;
}

static bool is_object(const cJSON *value)
{
    return (value->type & 0xff) == cJSON_Object;
}

static enum err merge_metric(struct facts *facts, const cJSON *entry, struct errbuf *e)
{
    double value = NAN;

    if (!is_null(entry) && !json_number(entry, &value))
        return err_set(e, ERR_TYPE, "metrics: every value must be a number or null");
    return facts_set_metric(facts, text_of(entry->string), value, e);
}

static enum err merge_label(struct facts *facts, const cJSON *entry, struct errbuf *e)
{
    const char *value = json_string(entry);

    if (!is_null(entry) && !value)
        return err_set(e, ERR_TYPE, "labels: every value must be a text or null");
    return facts_set_label(facts, text_of(entry->string), text_of(value), e);
}

static enum err merge_entries(struct facts *facts, const cJSON *object, struct errbuf *e)
{
    bool metrics = strcmp(object->string, "metrics") == 0;
    const cJSON *entry;

    if (is_null(object)) {
        *(metrics ? &facts->metric_count : &facts->label_count) = 0;
        return OK;
    }
    if (!is_object(object))
        return err_set(e, ERR_TYPE, "%s: must be an object", object->string);
    cJSON_ArrayForEach(entry, object)
    {
        enum err err = metrics ? merge_metric(facts, entry, e) : merge_label(facts, entry, e);
        if (err != OK)
            return err;
    }
    return OK;
}

static enum err merge_member(struct facts *facts, const cJSON *member, ms_t now, struct errbuf *e)
{
    const char *text = json_string(member);
    double number = NAN;
    enum err err;

    if (strcmp(member->string, "metrics") == 0 || strcmp(member->string, "labels") == 0)
        return merge_entries(facts, member, e);
    if (text || is_null(member))
        if ((err = facts_set_text(facts, member->string, text_of(text), NULL)) != ERR_UNKNOWN)
            return err == OK ? OK : err_set(e, err, "%s: not a value for this field", member->string);
    if (json_number(member, &number) || is_null(member))
        if ((err = facts_set_number(facts, member->string, number, now, e)) != ERR_UNKNOWN)
            return err;
    return err_set(e, ERR_UNKNOWN, "%.64s: not a field of this type that a program may set", member->string);
}

static enum err merge_object(struct facts *facts, const cJSON *object, ms_t now, struct errbuf *e)
{
    const cJSON *member;

    if (!is_object(object))
        return err_set(e, ERR_TYPE, "must be a JSON object");
    cJSON_ArrayForEach(member, object)
    {
        enum err err = merge_member(facts, member, now, e);
        if (err != OK)
            return err;
    }
    return OK;
}

enum err facts_merge(struct facts *facts, struct text json, ms_t now, struct errbuf *e)
{
    struct facts merged = *facts;
    struct arena arena;
    cJSON *object;
    enum err err;

    arena_init(&arena, 0);
    if (json.len > MSG_MAX_BYTES)
        err = err_set(e, ERR_TOO_LARGE, "at most %d bytes", MSG_MAX_BYTES);
    else
        err = json_parse(&arena, json, &object, e);
    if (err == OK)
        err = merge_object(&merged, object, now, e);
    arena_clear(&arena);
    if (err == OK)
        *facts = merged;
    return err;
}

static void metrics_write(const struct facts *facts, struct buf *ret)
{
    struct json_write w = json_write_to(ret);

    json_open(&w, '{');
    for (size_t i = 0; i < facts->metric_count; i++) {
        json_key(&w, facts->metrics[i].name);
        json_put_number(&w, facts->metrics[i].value);
    }
    json_close(&w, '}');
}

static void labels_write(const struct facts *facts, struct buf *ret)
{
    struct json_write w = json_write_to(ret);

    json_open(&w, '{');
    for (size_t i = 0; i < facts->label_count; i++) {
        json_key(&w, facts->labels[i].name);
        json_put_str(&w, facts->labels[i].value);
    }
    json_close(&w, '}');
}

/* The message structs hold objects as parsed trees. */
static enum err entries_to_tree(const struct facts *facts, void (*write)(const struct facts *, struct buf *),
                                struct arena *arena, const struct json_value **ret)
{
    struct buf json = BUF_INIT;
    const struct json_value *tree = NULL;
    enum err err;

    write(facts, &json);
    err = buf_ok(&json) ? json_scan(arena, buf_text(&json), &tree, NULL) : ERR_NOMEM;
    buf_clear(&json);
    if (err == OK)
        *ret = tree;
    return err;
}

static int64_t whole_number(double value)
{
    return isnan(value) ? INT_ABSENT : (int64_t)value;
}

static const char *text_or_absent(const char *text)
{
    return text[0] ? text : NULL;
}

static void fields_to_heartbeat(const struct facts *facts, struct heartbeat *ret)
{
    ret->status = facts->status;
    ret->model_loaded = text_or_absent(facts->model_loaded);
    ret->endpoint = text_or_absent(facts->endpoint);
    ret->host = text_or_absent(facts->host);
    ret->version = text_or_absent(facts->version);
    ret->gpu_utilization = facts->gpu_utilization;
    ret->last_inference_ms = facts->last_inference_ms;
    ret->queue_depth = whole_number(facts->queue_depth);
    ret->inflight = facts_inflight(facts);
    ret->oldest_request_ms = whole_number(facts->oldest_request_ms);
    ret->stall_ms = whole_number(facts->stall_ms);
    ret->pid = whole_number(facts->pid);
}

enum err facts_to_heartbeat(const struct facts *facts, ms_t now, struct arena *arena, struct heartbeat *ret)
{
    enum err err = OK;

    fields_to_heartbeat(facts, ret);
    ret->progress = facts_progress_count(facts);
    ret->progress_age_ms = facts_progress_age(facts, now);
    if (facts->stalled_at != MS_NEVER)
        ret->stalled_ms = ms_max(0, now - facts->stalled_at);
    if (facts->metric_count > 0)
        err = entries_to_tree(facts, metrics_write, arena, &ret->metrics);
    if (err == OK && facts->label_count > 0)
        err = entries_to_tree(facts, labels_write, arena, &ret->labels);
    return err;
}
