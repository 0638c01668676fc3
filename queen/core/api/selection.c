#include "selection.h"

#include <math.h>
#include <stdlib.h>

#include "codec.h"
#include "json.h"
#include "verify.h"

struct sort_key {
    const char *name;
    double (*value)(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat);
};

static double integer_or_nan(int64_t value)
{
    return value == INT_ABSENT ? NAN : (double)value;
}

static double by_queue_depth(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)queen, (void)record;
    return integer_or_nan(heartbeat->queue_depth);
}

static double by_inflight(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)queen, (void)record;
    return integer_or_nan(heartbeat->inflight);
}

static double by_gpu(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)queen, (void)record;
    return heartbeat->gpu_utilization;
}

static double by_latency(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)queen, (void)record;
    return heartbeat->last_inference_ms;
}

static double by_last_seen(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)heartbeat;
    return record->heard_mono == MS_NEVER ? NAN : (double)(queen->now - record->heard_mono);
}

static double by_since(const struct queen *queen, const struct record *record, const struct heartbeat *heartbeat)
{
    (void)heartbeat;
    return (double)(queen->now - record->since_mono);
}

static const struct sort_key sort_keys[] = {
    { "queue_depth", by_queue_depth },   { "inflight", by_inflight },          { "gpu_utilization", by_gpu },
    { "last_inference_ms", by_latency }, { "last_seen_ms_ago", by_last_seen }, { "since_ms_ago", by_since },
};

#define SORT_NAMES "queue_depth, inflight, gpu_utilization, last_inference_ms, last_seen_ms_ago or since_ms_ago"

static enum err parse_sort(struct text value, struct selection *ret, struct errbuf *e)
{
    ret->descending = value.len > 0 && value.at[0] == '-';
    if (ret->descending)
        value = (struct text){ value.at + 1, value.len - 1 };
    for (size_t i = 0; i < ARRAY_LEN(sort_keys); i++)
        if (text_is(value, sort_keys[i].name))
            ret->sort = &sort_keys[i];
    return ret->sort ? OK : err_set(e, ERR_UNKNOWN, "sort: must be %s, `-` in front for descending", SORT_NAMES);
}

static enum err parse_number(struct parameter parameter, int64_t low, int64_t high, int64_t *ret, struct errbuf *e)
{
    int64_t value;
    if (text_to_int(parameter.value, &value) != OK || value < low || value > high)
        return err_set(e, ERR_RANGE, "%s: must be a whole number from %lld to %lld", parameter.name.at, (long long)low,
                       (long long)high);
    *ret = value;
    return OK;
}

static enum err parse_state(struct text value, struct selection *ret, struct errbuf *e)
{
    ret->state = state_of_name(value.at);
    return ret->state != STATE_NONE ? OK : err_set(e, ERR_UNKNOWN, "state: unknown state");
}

static enum err parse_label(struct parameter parameter, struct selection *ret, struct errbuf *e)
{
    size_t prefix = strlen("label.");
    if (ret->label_count == SELECTION_LABELS_MAX)
        return err_set(e, ERR_RANGE, "label: at most %d of them", SELECTION_LABELS_MAX);
    parameter.name = (struct text){ parameter.name.at + prefix, parameter.name.len - prefix };
    ret->labels[ret->label_count++] = parameter;
    return OK;
}

static enum err parse_verified(struct text value, struct selection *ret, struct errbuf *e)
{
    ret->work = text_is(value, "work");
    ret->verified = ret->work || text_is(value, "true");
    return ret->verified ? OK : err_set(e, ERR_RANGE, "verified: must be true or work");
}

static enum err parse_one(struct parameter parameter, struct selection *ret, struct errbuf *e)
{
    struct text name = parameter.name;
    int64_t number = 0;
    enum err err = OK;
    if (text_is(name, "state"))
        return parse_state(parameter.value, ret, e);
    if (text_is(name, "sort"))
        return parse_sort(parameter.value, ret, e);
    if (name.len > strlen("label.") && strncmp(name.at, "label.", strlen("label.")) == 0)
        return parse_label(parameter, ret, e);
    if (text_is(name, "verified"))
        return parse_verified(parameter.value, ret, e);
    if (text_is(name, "status"))
        ret->status = parameter.value;
    else if (text_is(name, "hive"))
        ret->hive = parameter.value;
    else if (text_is(name, "model"))
        ret->model = parameter.value;
    else if (text_is(name, "limit") && (err = parse_number(parameter, 1, SELECTION_LIMIT_MAX, &number, e)) == OK)
        ret->limit = (size_t)number;
    else if (text_is(name, "cursor") && (err = parse_number(parameter, 1, INT64_MAX, &number, e)) == OK)
        ret->cursor = (uint64_t)number;
    else if (err == OK)
        err = err_set(e, ERR_UNKNOWN,
                      "unknown parameter; known are state, status, hive, model, label.NAME, sort, "
                      "limit, cursor and verified");
    return err;
}

enum err selection_parse(const struct query *query, struct selection *ret, struct errbuf *e)
{
    struct selection selection = { .limit = SELECTION_LIMIT_DEFAULT };
    for (size_t i = 0; i < query->count; i++) {
        enum err err = parse_one(query->parameters[i], &selection, e);
        if (err != OK)
            return err;
    }
    *ret = selection;
    return OK;
}

static bool has_labels(const struct selection *selection, const struct json_value *labels)
{
    for (size_t i = 0; i < selection->label_count; i++) {
        const struct json_value *label = json_value_member(labels, selection->labels[i].name.at);
        if (!label || !text_equal(selection->labels[i].value, label->string))
            return false;
    }
    return true;
}

static bool wants_document(const struct selection *selection)
{
    return selection->status.at || selection->model.at || selection->label_count > 0 || selection->sort;
}

static bool document_matches(const struct selection *selection, const struct heartbeat *heartbeat)
{
    if (selection->status.at && (!heartbeat->status || !text_is(selection->status, heartbeat->status)))
        return false;
    if (selection->model.at && (!heartbeat->model_loaded || !text_is(selection->model, heartbeat->model_loaded)))
        return false;
    return has_labels(selection, heartbeat->labels);
}

/* One that matches, and its place in the order. */
struct candidate {
    double value;
    struct record *record;
};

static bool matches(struct queen *queen, const struct selection *selection, struct record *record, double *ret_value)
{
    struct heartbeat heartbeat;
    if (record_is_hive(record))
        return false;
    if (selection->state != STATE_NONE && record->state != selection->state)
        return false;
    if (selection->hive.at && !text_is(selection->hive, record_hive(record)))
        return false;
    *ret_value = NAN;
    if (!wants_document(selection))
        return true;
    heartbeat_init(&heartbeat);
    arena_reset(&queen->scan);
    if (record->document && heartbeat_decode(&queen->scan, record_document(record), &heartbeat, NULL) != OK)
        return false;
    if (selection->sort)
        *ret_value = selection->sort->value(queen, record, &heartbeat);
    return document_matches(selection, &heartbeat);
}

static int compare(const void *left, const void *right)
{
    const struct candidate *a = left, *b = right;
    if (isnan(a->value) || isnan(b->value))
        return isnan(a->value) - isnan(b->value);
    if (a->value != b->value)
        return a->value < b->value ? -1 : 1;
    return a->record->number < b->record->number ? -1 : 1;
}

static size_t gather(struct queen *queen, const struct selection *selection, struct candidate *candidates)
{
    double sign = selection->descending ? -1 : 1;
    size_t count = 0;
    for (struct record *record = registry_first(&queen->registry); record; record = registry_after(record)) {
        double value;
        if (matches(queen, selection, record, &value))
            candidates[count++] = (struct candidate){ value * sign, record };
    }
    if (selection->sort)
        qsort(candidates, count, sizeof *candidates, compare);
    return count;
}

/* Where the page starts: behind the number of the last record; in a sorted list, at the position. */
static size_t page_start(const struct selection *selection, const struct candidate *candidates, size_t count)
{
    size_t start = 0;
    if (selection->sort)
        return (size_t)ms_min((ms_t)selection->cursor, (ms_t)count);
    while (start < count && candidates[start].record->number <= selection->cursor)
        start++;
    return start;
}

static void write_page(const struct queen *queen, const struct selection *selection, const struct candidate *candidates,
                       size_t count, struct json_write *w)
{
    size_t start = page_start(selection, candidates, count);
    size_t end = count - start > selection->limit ? start + selection->limit : count;
    json_open(w, '{');
    json_key(w, "workers");
    json_open(w, '[');
    for (size_t i = start; i < end; i++)
        view_worker(queen, candidates[i].record, false, w);
    json_close(w, ']');
    json_key(w, "total");
    json_put_int(w, (int64_t)count);
    json_key(w, "next");
    if (end == count)
        json_put_null(w);
    else
        json_put_int(w, selection->sort ? (int64_t)end : (int64_t)candidates[end - 1].record->number);
    view_put_view(queen, w);
    json_close(w, '}');
}

static struct candidate *gather_all(struct queen *queen, const struct selection *selection, size_t *ret_count)
{
    struct candidate *candidates = malloc((queen->registry.count + 1) * sizeof *candidates);
    if (candidates)
        *ret_count = gather(queen, selection, candidates);
    return candidates;
}

enum confirmation { CONFIRMATION_UNKNOWN, CONFIRMATION_CONFIRMED, CONFIRMATION_REFUTED };

/* What a verification that was asked for since then says of it. */
static enum confirmation confirmation_of(const struct record *record, const struct selection *selection, ms_t since)
{
    const struct verified *verified = verify_latest(record);
    if (!verified || verified->began < since)
        return CONFIRMATION_UNKNOWN;
    if (verified->result == VERIFY_OK || (verified->result == VERIFY_UNKNOWN && !selection->work))
        return CONFIRMATION_CONFIRMED;
    return CONFIRMATION_REFUTED;
}

enum err selection_verify(struct queen *queen, const struct selection *selection, ms_t since, bool *ret_pending)
{
    size_t count = 0, wanted = selection->limit;
    struct candidate *candidates = gather_all(queen, selection, &count);
    bool pending = false;
    if (!candidates)
        return ERR_NOMEM;
    for (size_t i = 0; i < count && wanted > 0; i++) {
        enum confirmation confirmation = confirmation_of(candidates[i].record, selection, since);
        if (confirmation == CONFIRMATION_UNKNOWN && verify_begin(queen, candidates[i].record, true))
            pending = true;
        if (confirmation != CONFIRMATION_REFUTED)
            wanted--;
    }
    free(candidates);
    *ret_pending = pending;
    return OK;
}

static size_t keep_confirmed(const struct selection *selection, ms_t since, struct candidate *candidates, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (confirmation_of(candidates[i].record, selection, since) == CONFIRMATION_CONFIRMED)
            candidates[kept++] = candidates[i];
    return kept;
}

enum err selection_write(struct queen *queen, const struct selection *selection, ms_t since, struct json_write *w)
{
    size_t count = 0;
    struct candidate *candidates = gather_all(queen, selection, &count);
    if (!candidates)
        return ERR_NOMEM;
    if (selection->verified)
        count = keep_confirmed(selection, since, candidates, count);
    write_page(queen, selection, candidates, count, w);
    free(candidates);
    return OK;
}
