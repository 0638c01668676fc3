#include "facts.h"

#include <math.h>

#include "codec.h"
#include "json_scan.h"

/* Room for the fields around them is left below MSG_MAX_BYTES: each byte of an entry may need an escape. */
#define ENTRIES_MAX_BYTES (12 * 1024)
#define NUMBER_MAX_BYTES 26

enum fact_type { TYPE_TOKEN, TYPE_TEXT, TYPE_INT, TYPE_NUMBER, TYPE_GAUGES, TYPE_LABELS };

static const struct fact {
    const char *name;
    enum fact_type type;
    size_t offset;
    double high;
} table[] = {
#define X(type, name, low, high, required, doc) { #name, TYPE_##type, offsetof(struct facts, name), high },
    HEARTBEAT_SETTABLE_FIELDS(X)
#undef X
};

static bool is_text(const struct fact *fact)
{
    return fact && (fact->type == TYPE_TOKEN || fact->type == TYPE_TEXT);
}

static bool is_number(const struct fact *fact)
{
    return fact && (fact->type == TYPE_INT || fact->type == TYPE_NUMBER);
}

static const struct fact *fact_find(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (text_is(name, table[i].name))
            return &table[i];
    return NULL;
}

void facts_init(struct facts *facts)
{
    *facts = (struct facts){
        .status = "starting", .progressed_at = MS_NEVER, .stepped_at = MS_NEVER, .stalled_at = MS_NEVER
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++)
        if (is_number(&table[i]))
            *(double *)((char *)facts + table[i].offset) = NAN;
}

/* Control characters would cost six bytes each in JSON, and no name or label has use for them. */
static enum err text_check(const char *what, struct text value, size_t limit, struct errbuf *e)
{
    if (value.len > limit)
        return err_set(e, ERR_RANGE, "%s: at most %zu bytes", what, limit);
    if (!text_is_utf8(value))
        return err_set(e, ERR_UTF8, "%s: not UTF-8", what);
    for (size_t i = 0; i < value.len; i++)
        if ((unsigned char)value.at[i] < 0x20)
            return err_set(e, ERR_RANGE, "%s: no control characters", what);
    return OK;
}

static void text_store(char *ret, struct text value)
{
    if (value.len > 0)
        memcpy(ret, value.at, value.len);
    ret[value.len] = '\0';
}

enum err facts_set_text(struct facts *facts, const char *field, struct text value, struct errbuf *e)
{
    const struct fact *fact = fact_find(text_of(field));
    enum err err;
    if (!is_text(fact))
        return err_set(e, ERR_UNKNOWN, "no text field of that name");
    if (fact->type == TYPE_TOKEN && (err = name_check(value, field, e)) != OK)
        return err;
    if ((err = text_check(field, value, (size_t)fact->high, e)) != OK)
        return err;
    text_store((char *)facts + fact->offset, value);
    return OK;
}

static bool is_working(const struct facts *facts)
{
    return facts->inflight > 0; /* false for NAN */
}

enum err facts_set_number(struct facts *facts, const char *field, double value, ms_t now, struct errbuf *e)
{
    const struct fact *fact = fact_find(text_of(field));
    bool worked = is_working(facts);
    struct heartbeat scratch; /* the field's range is the codec's to know */
    enum err err;
    if (!is_number(fact))
        return err_set(e, ERR_UNKNOWN, "no numeric field of that name");
    if ((err = heartbeat_set_number(&scratch, field, value, e)) != OK)
        return err;
    *(double *)((char *)facts + fact->offset) = value;
    if (!worked && is_working(facts) && facts->progressed_at != MS_NEVER)
        facts->progressed_at = now;
    return OK;
}

static size_t entries_bytes(const struct facts *facts)
{
    size_t sum = 0;
    for (size_t i = 0; i < facts->metrics_count; i++)
        sum += 2 * strlen(facts->metrics[i].name) + NUMBER_MAX_BYTES;
    for (size_t i = 0; i < facts->labels_count; i++)
        sum += 2 * (strlen(facts->labels[i].name) + strlen(facts->labels[i].value)) + 6;
    return sum;
}

/* Where the entry of that name is, or `count`. Entries of `size` bytes begin with their names. */
static size_t entry_find(const void *entries, size_t size, size_t count, struct text name)
{
    size_t i = 0;
    while (i < count && !text_is(name, (const char *)entries + i * size))
        i++;
    return i;
}

static enum err key_check(const char *what, struct text name, struct errbuf *e)
{
    if (name.len == 0)
        return err_set(e, ERR_RANGE, "%s: must not be empty", what);
    return text_check(what, name, MSG_KEY_MAX, e);
}

enum err facts_set_metric(struct facts *facts, struct text name, double value, struct errbuf *e)
{
    size_t at = entry_find(facts->metrics, sizeof *facts->metrics, facts->metrics_count, name);
    enum err err = key_check("name of a metric", name, e);
    if (err != OK)
        return err;
    if (isinf(value))
        return err_set(e, ERR_RANGE, "a metric must be finite");
    if (isnan(value)) {
        if (at < facts->metrics_count)
            facts->metrics[at] = facts->metrics[--facts->metrics_count];
        return OK;
    }
    if (at == MSG_GAUGES_MAX)
        return err_set(e, ERR_FULL, "at most %d metrics", MSG_GAUGES_MAX);
    if (at == facts->metrics_count && entries_bytes(facts) + 2 * name.len + NUMBER_MAX_BYTES > ENTRIES_MAX_BYTES)
        return err_set(e, ERR_FULL, "metrics and labels together are too large for a heartbeat");
    text_store(facts->metrics[at].name, name);
    facts->metrics[at].value = value;
    facts->metrics_count += at == facts->metrics_count;
    return OK;
}

enum err facts_set_label(struct facts *facts, struct text name, struct text value, struct errbuf *e)
{
    size_t at = entry_find(facts->labels, sizeof *facts->labels, facts->labels_count, name);
    enum err err = key_check("name of a label", name, e);
    if (err == OK)
        err = text_check("value of a label", value, MSG_LABEL_MAX, e);
    if (err != OK)
        return err;
    if (!value.at) {
        if (at < facts->labels_count)
            facts->labels[at] = facts->labels[--facts->labels_count];
        return OK;
    }
    if (at == MSG_LABELS_MAX)
        return err_set(e, ERR_FULL, "at most %d labels", MSG_LABELS_MAX);
    if (entries_bytes(facts) + 2 * (name.len + value.len) + 6 > ENTRIES_MAX_BYTES)
        return err_set(e, ERR_FULL, "metrics and labels together are too large for a heartbeat");
    text_store(facts->labels[at].name, name);
    text_store(facts->labels[at].value, value);
    facts->labels_count += at == facts->labels_count;
    return OK;
}

void facts_progress(struct facts *facts, ms_t now)
{
    facts->progress++;
    facts->progressed_at = facts->stepped_at = now;
}

enum err facts_set_progress(struct facts *facts, double count, ms_t now, struct errbuf *e)
{
    bool is_watched = facts->progressed_at != MS_NEVER;
    if (isnan(count)) {
        facts->progressed_at = facts->stepped_at = MS_NEVER;
        return OK;
    }
    if (count < 0 || count > MSG_INT_MAX || count != floor(count))
        return err_set(e, ERR_RANGE, "progress: must be an integer from 0 to %.0f", MSG_INT_MAX);
    if (is_watched && facts_progress_count(facts) == (int64_t)count)
        return OK;
    facts->progress = (uint64_t)count;
    facts->progressed_at = now;
    facts->stepped_at = is_watched ? now : MS_NEVER;
    return OK;
}

void facts_set_stalled(struct facts *facts, bool stalled, ms_t now)
{
    if (!stalled)
        facts->stalled_at = MS_NEVER;
    else if (facts->stalled_at == MS_NEVER)
        facts->stalled_at = now;
}

bool facts_same_headline(const struct facts *a, const struct facts *b)
{
    return strcmp(a->status, b->status) == 0 && strcmp(a->model_loaded, b->model_loaded) == 0 &&
           a->feed_lost == b->feed_lost;
}

int64_t facts_progress_count(const struct facts *facts)
{
    return facts->progressed_at == MS_NEVER ? INT_ABSENT : (int64_t)(facts->progress % (uint64_t)MSG_INT_MAX);
}

int64_t facts_progress_age(const struct facts *facts, ms_t now)
{
    return facts->progressed_at == MS_NEVER ? INT_ABSENT : ms_max(0, now - facts->progressed_at);
}

int64_t facts_inflight(const struct facts *facts)
{
    return isnan(facts->inflight) ? INT_ABSENT : (int64_t)facts->inflight;
}

static ms_t stall_limit(const struct facts *facts)
{
    return isnan(facts->stall_ms) ? FACT_STALL_MS : (ms_t)facts->stall_ms;
}

/* The two clocks that run towards the stall limit; MS_NEVER = not running. */
static ms_t stalled_since(const struct facts *facts)
{
    return is_working(facts) ? facts->progressed_at : MS_NEVER;
}

static ms_t limit_after(ms_t since, ms_t limit)
{
    return since == MS_NEVER ? MS_NEVER : since + limit;
}

ms_t facts_stall_due(const struct facts *facts, ms_t reported)
{
    ms_t limit = stall_limit(facts);
    ms_t standing = limit_after(stalled_since(facts), limit);
    ms_t stalled = limit_after(facts->stalled_at, limit);
    return ms_min(standing > reported ? standing : MS_NEVER, stalled > reported ? stalled : MS_NEVER);
}

bool facts_is_stalled(const struct facts *facts, ms_t now)
{
    ms_t limit = stall_limit(facts);
    return now >= limit_after(stalled_since(facts), limit) || now >= limit_after(facts->stalled_at, limit);
}

static enum err merge_entry(struct facts *facts, const struct fact *fact, const struct json_value *entry,
                            struct errbuf *e)
{
    bool is_null = entry->type == JSON_NULL;
    if (!is_null && entry->type != (fact->type == TYPE_GAUGES ? JSON_NUMBER : JSON_STRING))
        return err_set(e, ERR_TYPE, "%s: every value must be a %s or null", fact->name,
                       fact->type == TYPE_GAUGES ? "number" : "string");
    if (fact->type == TYPE_GAUGES)
        return facts_set_metric(facts, entry->key, is_null ? NAN : entry->number, e);
    return facts_set_label(facts, entry->key, is_null ? (struct text){ 0 } : entry->string, e);
}

static enum err merge_entries(struct facts *facts, const struct fact *fact, const struct json_value *map,
                              struct errbuf *e)
{
    enum err err;
    if (map->type == JSON_NULL)
        *(fact->type == TYPE_GAUGES ? &facts->metrics_count : &facts->labels_count) = 0;
    else if (map->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "%s: must be an object", fact->name);
    JSON_EACH(entry, map)
    {
        if ((err = merge_entry(facts, fact, entry, e)) != OK)
            return err;
    }
    return OK;
}

static enum err merge_member(struct facts *facts, const struct json_value *member, ms_t now, struct errbuf *e)
{
    const struct fact *fact = fact_find(member->key);
    bool is_null = member->type == JSON_NULL;
    enum err err;
    if (fact && (fact->type == TYPE_GAUGES || fact->type == TYPE_LABELS))
        return merge_entries(facts, fact, member, e);
    if (text_is(member->key, "progress") && (is_null || member->type == JSON_NUMBER))
        return facts_set_progress(facts, is_null ? NAN : member->number, now, e);
    if (is_number(fact) && (is_null || member->type == JSON_NUMBER))
        return facts_set_number(facts, fact->name, is_null ? NAN : member->number, now, e);
    if (!is_text(fact) || !(is_null || member->type == JSON_STRING))
        return err_set(e, ERR_UNKNOWN, "%.64s: not a field of this type that a program may set", member->key.at);
    err = facts_set_text(facts, fact->name, is_null ? (struct text){ 0 } : member->string, NULL);
    return err == OK ? OK : err_set(e, err, "%s: not a value for this field", fact->name);
}

static enum err merge_object(struct facts *facts, const struct json_value *object, ms_t now, struct errbuf *e)
{
    enum err err;
    if (object->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "must be a JSON object");
    JSON_EACH(member, object)
    {
        if ((err = merge_member(facts, member, now, e)) != OK)
            return err;
    }
    return OK;
}

enum err facts_merge(struct facts *facts, struct text json, ms_t now, struct errbuf *e)
{
    const struct json_value *object;
    struct facts merged = *facts;
    struct arena arena = { 0 };
    enum err err;
    if (json.len > MSG_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "at most %d bytes", MSG_MAX_BYTES);
    if ((err = json_scan(&arena, json, &object, e)) == OK)
        err = merge_object(&merged, object, now, e);
    arena_clear(&arena);
    if (err == OK)
        *facts = merged;
    return err;
}

/* A map without entries yet: they follow it. NULL: no memory. */
static struct json_value *map_new(struct arena *arena, size_t count)
{
    struct json_value *map = arena_alloc(arena, (count + 1) * sizeof *map);
    if (map)
        *map = (struct json_value){ .type = JSON_OBJECT, .span = (uint32_t)count + 1 };
    return map;
}

static const struct json_value *metrics_map(const struct facts *facts, struct arena *arena)
{
    struct json_value *map = map_new(arena, facts->metrics_count);
    for (size_t i = 0; map && i < facts->metrics_count; i++)
        map[i + 1] = (struct json_value){
            .key = text_of(facts->metrics[i].name), .number = facts->metrics[i].value, .span = 1, .type = JSON_NUMBER
        };
    return map;
}

static const struct json_value *labels_map(const struct facts *facts, struct arena *arena)
{
    struct json_value *map = map_new(arena, facts->labels_count);
    for (size_t i = 0; map && i < facts->labels_count; i++)
        map[i + 1] = (struct json_value){ .key = text_of(facts->labels[i].name),
                                          .string = text_of(facts->labels[i].value),
                                          .span = 1,
                                          .type = JSON_STRING };
    return map;
}

static int64_t whole_number(double value)
{
    return isnan(value) ? INT_ABSENT : (int64_t)value;
}

/* A field of each type from the fact of its name. */
#define FILL_TEXT(name) ret->name = facts->name[0] ? facts->name : NULL;
#define FILL_TOKEN FILL_TEXT
#define FILL_INT(name) ret->name = whole_number(facts->name);
#define FILL_NUMBER(name) ret->name = facts->name;
#define FILL_GAUGES(name) ret->name = facts->name##_count > 0 ? name##_map(facts, arena) : NULL;
#define FILL_LABELS FILL_GAUGES

enum err facts_to_heartbeat(const struct facts *facts, ms_t now, struct arena *arena, struct heartbeat *ret)
{
#define X(type, name, low, high, required, doc) FILL_##type(name)
    HEARTBEAT_SETTABLE_FIELDS(X)
#undef X
    ret->progress = facts_progress_count(facts);
    ret->progress_age_ms = facts_progress_age(facts, now);
    if (facts->feed_lost)
        ret->feed_lost = 1;
    if (facts->stalled_at != MS_NEVER)
        ret->stalled_ms = ms_max(0, now - facts->stalled_at);
    return (facts->metrics_count > 0 && !ret->metrics) || (facts->labels_count > 0 && !ret->labels) ? ERR_NOMEM : OK;
}
