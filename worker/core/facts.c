#include "facts.h"

#include <math.h>

#include "codec.h"
#include "json.h"
#include "json_write.h"

/* Room for the fields around them is left below MSG_MAX_BYTES: each byte of an entry may need an escape. */
#define ENTRIES_MAX_BYTES (12 * 1024)
#define NUMBER_MAX_BYTES 26

struct text_fact {
    const char *name;
    size_t offset, limit;
};

struct number_fact {
    const char *name;
    size_t offset;
};

static const struct text_fact text_facts[] = {
#define X(name, limit) { #name, offsetof(struct facts, name), limit },
    FACT_TEXTS(X)
#undef X
};

static const struct number_fact number_facts[] = {
#define X(name) { #name, offsetof(struct facts, name) },
    FACT_NUMBERS(X)
#undef X
};

void facts_init(struct facts *facts)
{
    *facts = (struct facts){
        .status = "starting", .progressed_at = MS_NEVER, .stepped_at = MS_NEVER, .stalled_at = MS_NEVER
    };
#define X(name) facts->name = NAN;
    FACT_NUMBERS(X)
#undef X
}

static const struct text_fact *text_fact_find(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(text_facts); i++)
        if (strcmp(text_facts[i].name, field) == 0)
            return &text_facts[i];
    return NULL;
}

static const struct number_fact *number_fact_find(const char *field)
{
    for (size_t i = 0; i < ARRAY_LEN(number_facts); i++)
        if (strcmp(number_facts[i].name, field) == 0)
            return &number_facts[i];
    return NULL;
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
    const struct text_fact *fact = text_fact_find(field);
    enum err err;

    if (!fact)
        return err_set(e, ERR_UNKNOWN, "no text field of that name");
    if (fact->offset == offsetof(struct facts, status) && (err = name_check(value, "status", e)) != OK)
        return err;
    if ((err = text_check(field, value, fact->limit, e)) != OK)
        return err;
    text_store((char *)facts + fact->offset, value);
    return OK;
}

static bool is_working(const struct facts *facts)
{
    return facts->inflight > 0; /* false for NAN */
}

static void number_store(struct facts *facts, const struct number_fact *fact, double value, ms_t now)
{
    bool worked = is_working(facts);

    memcpy((char *)facts + fact->offset, &value, sizeof value);
    if (!worked && is_working(facts) && facts->progressed_at != MS_NEVER)
        facts->progressed_at = now;
}

enum err facts_set_number(struct facts *facts, const char *field, double value, ms_t now, struct errbuf *e)
{
    const struct number_fact *fact = number_fact_find(field);
    struct heartbeat scratch; /* the field's range is the codec's to know */
    enum err err;

    if (!fact)
        return err_set(e, ERR_UNKNOWN, "no numeric field of that name");
    err = heartbeat_set_number(&scratch, field, value, e);
    if (err == OK)
        number_store(facts, fact, value, now);
    return err;
}

static size_t entries_bytes(const struct facts *facts)
{
    size_t sum = 0;

    for (size_t i = 0; i < facts->metric_count; i++)
        sum += 2 * strlen(facts->metrics[i].name) + NUMBER_MAX_BYTES;
    for (size_t i = 0; i < facts->label_count; i++)
        sum += 2 * (strlen(facts->labels[i].name) + strlen(facts->labels[i].value)) + 6;
    return sum;
}

static size_t metric_find(const struct facts *facts, struct text name)
{
    size_t i = 0;

    while (i < facts->metric_count && !text_is(name, facts->metrics[i].name))
        i++;
    return i;
}

static size_t label_find(const struct facts *facts, struct text name)
{
    size_t i = 0;

    while (i < facts->label_count && !text_is(name, facts->labels[i].name))
        i++;
    return i;
}

static enum err key_check(const char *what, struct text name, struct errbuf *e)
{
    if (name.len == 0)
        return err_set(e, ERR_RANGE, "%s: must not be empty", what);
    return text_check(what, name, FACT_KEY_MAX, e);
}

enum err facts_set_metric(struct facts *facts, struct text name, double value, struct errbuf *e)
{
    size_t at = metric_find(facts, name);
    enum err err = key_check("name of a metric", name, e);

    if (err != OK)
        return err;
    if (isinf(value))
        return err_set(e, ERR_RANGE, "a metric must be finite");
    if (isnan(value)) {
        if (at < facts->metric_count)
            facts->metrics[at] = facts->metrics[--facts->metric_count];
        return OK;
    }
    if (at == MSG_GAUGES_MAX)
        return err_set(e, ERR_FULL, "at most %d metrics", MSG_GAUGES_MAX);
    if (at == facts->metric_count && entries_bytes(facts) + 2 * name.len + NUMBER_MAX_BYTES > ENTRIES_MAX_BYTES)
        return err_set(e, ERR_FULL, "metrics and labels together are too large for a heartbeat");
    text_store(facts->metrics[at].name, name);
    facts->metrics[at].value = value;
    facts->metric_count += at == facts->metric_count;
    return OK;
}

enum err facts_set_label(struct facts *facts, struct text name, struct text value, struct errbuf *e)
{
    size_t at = label_find(facts, name);
    enum err err = key_check("name of a label", name, e);

    if (err == OK)
        err = text_check("value of a label", value, FACT_LABEL_MAX, e);
    if (err != OK)
        return err;
    if (!value.at) {
        if (at < facts->label_count)
            facts->labels[at] = facts->labels[--facts->label_count];
        return OK;
    }
    if (at == MSG_LABELS_MAX)
        return err_set(e, ERR_FULL, "at most %d labels", MSG_LABELS_MAX);
    if (entries_bytes(facts) + 2 * (name.len + value.len) + 6 > ENTRIES_MAX_BYTES)
        return err_set(e, ERR_FULL, "metrics and labels together are too large for a heartbeat");
    text_store(facts->labels[at].name, name);
    text_store(facts->labels[at].value, value);
    facts->label_count += at == facts->label_count;
    return OK;
}

void facts_progress(struct facts *facts, ms_t now)
{
    facts->progress++;
    facts->progressed_at = facts->stepped_at = now;
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
    return strcmp(a->status, b->status) == 0 && strcmp(a->model_loaded, b->model_loaded) == 0;
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
static ms_t standing_since(const struct facts *facts)
{
    return is_working(facts) ? facts->progressed_at : MS_NEVER;
}

static ms_t limit_after(ms_t since, ms_t limit)
{
    return since == MS_NEVER ? MS_NEVER : since + limit;
}

ms_t facts_stall_due(const struct facts *facts, ms_t told)
{
    ms_t limit = stall_limit(facts);
    ms_t standing = limit_after(standing_since(facts), limit);
    ms_t stalled = limit_after(facts->stalled_at, limit);

    return ms_min(standing > told ? standing : MS_NEVER, stalled > told ? stalled : MS_NEVER);
}

bool facts_is_stalled(const struct facts *facts, ms_t now)
{
    ms_t limit = stall_limit(facts);

    return now >= limit_after(standing_since(facts), limit) || now >= limit_after(facts->stalled_at, limit);
}
