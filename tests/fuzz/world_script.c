#include "world_script.h"

#include "buf.h"
#include "rng.h"

#define DIVIDER '\x1e'
#define RECORDS_MAX 256
#define REPEAT_MAX 50

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t max) __attribute__((weak)); /* libFuzzer's */

static struct script_record read_record(struct text record)
{
    struct script_record ret = { .kind = record.at[0], .payload = { record.at + 1, record.len - 1 } };
    ret.line = text_split(&ret.payload, '\n');
    if (!ret.payload.at)
        ret.payload = TEXT("");
    return ret;
}

bool script_next(struct script *script, struct script_record *ret)
{
    int64_t times = 1;
    while (script->more == 0 && script->rest.at) {
        struct text record = text_split(&script->rest, DIVIDER);
        if (record.len == 0)
            continue;
        script->last = read_record(record);
        script->more = script->last.kind == '*' ? 0 : times;
        times = script->last.kind == '*' ? script_number(script->last.line, 1, REPEAT_MAX) : 1;
    }
    if (script->more == 0)
        return false;
    script->more--;
    *ret = script->last;
    return true;
}

struct text script_part(struct text *line)
{
    return line->at ? text_split(line, '\t') : (struct text){ 0 };
}

int64_t script_number(struct text text, int64_t fallback, int64_t max)
{
    int64_t number = fallback;
    if (text_to_int(text, &number) != OK)
        return fallback;
    return number < 0 ? 0 : number > max ? max : number;
}

static size_t below(struct rng *rng, size_t count)
{
    return (size_t)(rng_next(rng) % count);
}

/* How many parts a list has, which goes to its '>' or to the end. */
static size_t count_parts(const char *at)
{
    size_t count = 1, depth = 0;
    for (; *at && (depth > 0 || *at != '>'); at++) {
        depth += *at == '<';
        depth -= *at == '>';
        count += depth == 0 && *at == '|';
    }
    return count;
}

/* Appends one part of a list; returns its end. */
static const char *expand(const char *at, struct rng *rng, bool is_used, struct buf *ret)
{
    size_t chosen = below(rng, count_parts(at)), part = 0;
    for (; *at && *at != '>'; at++)
        if (*at == '|')
            part++;
        else if (*at == '<')
            at = expand(at + 1, rng, is_used && part == chosen, ret);
        else if (is_used && part == chosen)
            buf_add_char(ret, *at);
    return at;
}

struct records {
    struct text at[RECORDS_MAX];
    size_t count;
};

static void insert(struct records *records, size_t place, struct text record)
{
    if (records->count == RECORDS_MAX)
        return;
    memmove(&records->at[place + 1], &records->at[place], (records->count - place) * sizeof records->at[0]);
    records->at[place] = record;
    records->count++;
}

static void withdraw(struct records *records, size_t place)
{
    records->count--;
    memmove(&records->at[place], &records->at[place + 1], (records->count - place) * sizeof records->at[0]);
}

/* One record with some bytes changed, into `scratch`. */
static void change_bytes(struct text *record, uint8_t *scratch, size_t size)
{
    if (record->len == 0 || record->len > size)
        return;
    memcpy(scratch, record->at, record->len);
    *record = (struct text){ (char *)scratch, LLVMFuzzerMutate(scratch, record->len, size) };
}

static void change(struct records *records, struct text made, struct rng *rng, uint8_t *scratch, size_t size)
{
    size_t a = below(rng, records->count), b = below(rng, records->count);
    struct text record = records->at[a];
    switch (below(rng, 10)) {
    case 0:
        withdraw(records, a);
        break;
    case 1:
        insert(records, b, record);
        break;
    case 2:
        records->at[a] = records->at[b];
        records->at[b] = record;
        break;
    case 3:
    case 4:
        change_bytes(&records->at[a], scratch, size);
        break;
    case 5:
        records->at[a] = made;
        break;
    case 6:
    case 7:
        insert(records, a, made);
        break;
    default:
        insert(records, records->count, made);
    }
}

static size_t join(const struct records *records, uint8_t *bytes, size_t max)
{
    static uint8_t joined[1 << 20];
    size_t len = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (len + records->at[i].len + 1 > max || len + records->at[i].len + 1 > sizeof joined)
            break;
        if (i > 0)
            joined[len++] = DIVIDER;
        memcpy(joined + len, records->at[i].at, records->at[i].len);
        len += records->at[i].len;
    }
    memcpy(bytes, joined, len);
    return len;
}

#define CHANGES_MAX 4

size_t script_mutate(const char *const *grammar, uint8_t *bytes, size_t len, size_t max, unsigned seed)
{
    static uint8_t scratch[CHANGES_MAX][8192];
    struct rng rng = { seed };
    struct records records = { .count = 0 };
    struct text rest = { (char *)bytes, len };
    struct buf made[CHANGES_MAX] = { BUF_INIT };
    size_t changes = 1 + below(&rng, CHANGES_MAX), rows = 0;
    if (below(&rng, 20) == 0)
        return LLVMFuzzerMutate(bytes, len, max);
    while (grammar[rows])
        rows++;
    while (rest.at && records.count < RECORDS_MAX)
        records.at[records.count++] = text_split(&rest, DIVIDER);
    for (size_t i = 0; i < changes; i++) {
        (void)expand(grammar[below(&rng, rows)], &rng, true, &made[i]);
        if (records.count == 0)
            insert(&records, 0, buf_text(&made[i]));
        change(&records, buf_text(&made[i]), &rng, scratch[i], sizeof scratch[i]);
    }
    len = join(&records, bytes, max);
    for (size_t i = 0; i < CHANGES_MAX; i++)
        buf_clear(&made[i]);
    return len;
}
