#include "selection.h"

#include <math.h>

#include "codec.h"
#include "json_scan.h"

/* A number of the load; or an age, whose place holds monotonic time. */
struct sort_key {
    const char *name;
    size_t offset; /* of a number in the entry, of an age in the record */
    bool is_age;
};

static const struct sort_key sort_keys[] = {
    { "queue_depth", offsetof(struct roll_entry, load.queue_depth), false },
    { "inflight", offsetof(struct roll_entry, load.inflight), false },
    { "gpu_utilization", offsetof(struct roll_entry, load.gpu_utilization), false },
    { "last_inference_ms", offsetof(struct roll_entry, load.last_inference_ms), false },
    { "last_seen_ms_ago", offsetof(struct record, received_mono), true },
    { "since_ms_ago", offsetof(struct record, since_mono), true },
};

#define SORT_NAMES "queue_depth, inflight, gpu_utilization, last_inference_ms, last_seen_ms_ago or since_ms_ago"

static enum err parse_sort(struct text value, struct selection *ret, struct errbuf *e)
{
    ret->descending = text_skip(&value, TEXT("-"));
    for (size_t i = 0; i < ARRAY_LEN(sort_keys); i++)
        if (text_is(value, sort_keys[i].name))
            ret->sort = &sort_keys[i];
    return ret->sort ? OK : err_set(e, ERR_UNKNOWN, "sort: must be %s, `-` in front for descending", SORT_NAMES);
}

static enum err parse_state(struct text value, struct selection *ret, struct errbuf *e)
{
    ret->state = state_of_name(value.at);
    return ret->state != STATE_NONE ? OK : err_set(e, ERR_UNKNOWN, "state: unknown state");
}

static enum err parse_label(struct parameter parameter, struct selection *ret, struct errbuf *e)
{
    if (ret->label_count == SELECTION_LABELS_MAX)
        return err_set(e, ERR_RANGE, "label: at most %d of them", SELECTION_LABELS_MAX);
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
    if (!parameter.value.at)
        return err_set(e, ERR_TYPE, "a filter must be a string or a whole number");
    if (text_is(name, "state"))
        return parse_state(parameter.value, ret, e);
    if (text_is(name, "sort"))
        return parse_sort(parameter.value, ret, e);
    if (text_skip(&parameter.name, TEXT("label.")) && parameter.name.len > 0)
        return parse_label(parameter, ret, e);
    if (text_is(name, "verified"))
        return parse_verified(parameter.value, ret, e);
    if (text_is(name, "status"))
        ret->status = parameter.value;
    else if (text_is(name, "hive"))
        ret->hive = parameter.value;
    else if (text_is(name, "model"))
        ret->model = parameter.value;
    else if (text_is(name, "limit") && (err = parameter_number(&parameter, 1, SELECTION_LIMIT_MAX, &number, e)) == OK)
        ret->limit = (size_t)number;
    else if (text_is(name, "cursor") && (err = parameter_number(&parameter, 1, INT64_MAX, &number, e)) == OK)
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

enum err selection_parse_hives(const struct query *query, struct selection *ret, struct errbuf *e)
{
    int64_t limit = SELECTION_LIMIT_DEFAULT, cursor = 0;
    const struct query_number known[] = { { "limit", 1, SELECTION_LIMIT_MAX, &limit },
                                          { "cursor", 1, INT64_MAX, &cursor } };
    enum err err = query_numbers(query, known, ARRAY_LEN(known));
    if (err != OK)
        return err_set(e, err, "known are limit=1..%d and cursor=N, the `next` of the page before",
                       SELECTION_LIMIT_MAX);
    *ret = (struct selection){ .hives = true, .limit = (size_t)limit, .cursor = (uint64_t)cursor };
    return OK;
}

static bool copy(struct arena *arena, struct text *text)
{
    return !text->at || (text->at = arena_copy(arena, *text));
}

enum err selection_copy(struct arena *arena, const struct selection *selection, struct selection *ret)
{
    bool whole;
    *ret = *selection;
    whole = copy(arena, &ret->status) && copy(arena, &ret->hive) && copy(arena, &ret->model);
    for (size_t i = 0; whole && i < ret->label_count; i++)
        whole = copy(arena, &ret->labels[i].name) && copy(arena, &ret->labels[i].value);
    return whole ? OK : ERR_NOMEM;
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

static bool word_is(struct text wanted, const char *word)
{
    return !wanted.at || (word && text_is(wanted, word));
}

/* A wanted word may be in the document only (intern.h). */
static bool word_may_be(const struct intern *words, struct text wanted, unsigned number)
{
    return number == INTERN_FULL || word_is(wanted, intern_text(words, number));
}

static bool document_matches(struct queen *queen, const struct selection *selection, const struct record *record)
{
    struct heartbeat heartbeat;
    bool matches;
    heartbeat_init(&heartbeat);
    matches = record->document &&
              heartbeat_decode(&queen->scan, document_text(record->document), &heartbeat, NULL) == OK &&
              word_is(selection->status, heartbeat.status) && word_is(selection->model, heartbeat.model_loaded) &&
              has_labels(selection, heartbeat.labels);
    arena_reset(&queen->scan);
    return matches;
}

bool selection_matches(struct queen *queen, const struct selection *selection, const struct roll_entry *entry,
                       bool *read_document)
{
    const struct intern *words = &queen->registry.words;
    if (entry->is_hive != selection->hives)
        return false;
    if (selection->state != STATE_NONE && entry->state != selection->state)
        return false;
    if (!word_may_be(words, selection->status, entry->status) || !word_may_be(words, selection->model, entry->model))
        return false;
    if (selection->hive.at && !text_is(selection->hive, record_hive(entry->record)))
        return false;
    if (selection->label_count == 0 && entry->status != INTERN_FULL && entry->model != INTERN_FULL)
        return true;
    *read_document = true;
    return document_matches(queen, selection, entry->record);
}

double selection_value(const struct queen *queen, const struct selection *selection, const struct roll_entry *entry)
{
    const struct sort_key *key = selection->sort;
    const void *at = (const char *)(key->is_age ? (const void *)entry->record : entry) + key->offset;
    double value;
    if (key->is_age)
        value = *(const ms_t *)at == MS_NEVER ? NAN : (double)(queen->now - *(const ms_t *)at);
    else
        value = *(const float *)at;
    return selection->descending ? -value : value;
}
