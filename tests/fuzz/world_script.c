#include "world_script.h"

#include <stdio.h>

#include "buf.h"
#include "rng.h"

#define DIVIDER '\x1e'
#define RECORDS_MAX 256
#define REPEAT_MAX 50
#define BLANKS 1000

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t len, size_t max) __attribute__((weak)); /* libFuzzer's */

static struct script_record read_record(struct text record)
{
    struct script_record ret = { .kind = record.at[0], .payload = { record.at + 1, record.len - 1 } };
    ret.line = text_split(&ret.payload, '\n');
    if (!ret.payload.at)
        ret.payload = TEXT("");
    return ret;
}

static void end_group(struct script *script)
{
    if (script->rounds == 0)
        return;
    script->rounds--;
    script->round++;
    script->rest = script->group;
}

/* One that the script is not told itself is to be handed out. */
static void take(struct script *script, struct text record)
{
    int64_t number = record.len > 1 ? script_number((struct text){ record.at + 1, record.len - 1 }, 1, REPEAT_MAX) : 1;
    switch (record.len > 0 ? record.at[0] : ' ') {
    case ' ':
        break;
    case '*':
        script->times = number;
        break;
    case '(':
        script->group = script->rest;
        script->rounds = number > 0 ? number - 1 : 0;
        script->round = 0;
        break;
    case ')':
        end_group(script);
        break;
    default:
        script->last = record;
        script->more = script->times;
        script->number = 0;
        script->times = 1;
    }
}

/* With its numbers and blanks written out, as far as there is room. */
static struct text written_out(struct script *script, struct text record, int64_t number)
{
    const struct text number_mark = TEXT("%#"), blanks_mark = TEXT("%+");
    size_t len = 0;
    if (!memmem(record.at, record.len, number_mark.at, number_mark.len) &&
        !memmem(record.at, record.len, blanks_mark.at, blanks_mark.len))
        return record;
    while (record.len > 0 && len + BLANKS + INT_TEXT_SIZE < sizeof script->text) {
        if (text_skip(&record, number_mark)) {
            len += (size_t)sprintf(script->text + len, "%lld", (long long)number);
        } else if (text_skip(&record, blanks_mark)) {
            memset(script->text + len, ' ', BLANKS);
            len += BLANKS;
        } else {
            script->text[len++] = *record.at;
            record = (struct text){ record.at + 1, record.len - 1 };
        }
    }
    return (struct text){ script->text, len };
}

bool script_next(struct script *script, struct script_record *ret)
{
    if (script->given == 0)
        script->times = 1;
    while (script->more == 0 && script->rest.at)
        take(script, text_split(&script->rest, DIVIDER));
    if (script->more == 0 || script->given++ == SCRIPT_RECORDS_MAX)
        return false;
    script->more--;
    *ret = read_record(written_out(script, script->last, script->number + script->round));
    script->number++;
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

static void read_records(struct records *records, const uint8_t *bytes, size_t len)
{
    struct text rest = { (const char *)bytes, len };
    records->count = 0;
    while (rest.at && records->count < RECORDS_MAX)
        records->at[records->count++] = text_split(&rest, DIVIDER);
}

/* As many as there is room for. */
static void insert(struct records *records, size_t place, const struct text *some, size_t count)
{
    struct text copy[RECORDS_MAX];
    size_t behind = records->count - place;
    count = count < RECORDS_MAX - records->count ? count : RECORDS_MAX - records->count;
    memcpy(copy, some, count * sizeof copy[0]); /* they may be of the same script */
    memmove(&records->at[place + count], &records->at[place], behind * sizeof records->at[0]);
    memcpy(&records->at[place], copy, count * sizeof copy[0]);
    records->count += count;
}

static void withdraw(struct records *records, size_t place, size_t count)
{
    records->count -= count;
    memmove(&records->at[place], &records->at[place + count], (records->count - place) * sizeof records->at[0]);
}

/* How many from a place on: often few. */
static size_t run_from(const struct records *records, size_t place, struct rng *rng)
{
    size_t left = records->count - place, few = left < 4 ? left : 4;
    return 1 + below(rng, below(rng, 4) ? few : left);
}

/* One record with some bytes changed, into `scratch`. */
static void change_bytes(struct text *record, uint8_t *scratch, size_t size)
{
    if (record->len == 0 || record->len > size)
        return;
    memcpy(scratch, record->at, record->len);
    *record = (struct text){ (char *)scratch, LLVMFuzzerMutate(scratch, record->len, size) };
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Another number in the place of one, into `scratch`. */
static void change_number(struct text *record, struct rng *rng, uint8_t *scratch, size_t size)
{
    static const char *const numbers[] = {
        "0",
        "1",
        "2",
        "3",
        "4",
        "8",
        "16",
        "20",
        "64",
        "127",
        "128",
        "135",
        "149",
        "255",
        "250",
        "503",
        "1000",
        "2000",
        "5000",
        "10000",
        "30000",
        "70000",
        "90000",
        "700000",
        "86400",
        "90000000",
        "700000000",
        "4294967295",
        "4294967296",
        "9007199254740992",
        "9223372036854775807",
        "-1",
        "-5000",
        "0.5",
        "1e3",
    };
    const char *number = numbers[below(rng, ARRAY_LEN(numbers))], *end = record->at + record->len;
    const char *at = record->len ? record->at + below(rng, record->len) : end, *after;
    size_t before, len = strlen(number);
    while (at < end && !is_digit(*at))
        at++;
    while (at > record->at && at < end && is_digit(at[-1]))
        at--;
    for (after = at; after < end && is_digit(*after); after++)
        continue;
    before = (size_t)(at - record->at);
    if (at == end || record->len + len > size)
        return;
    memcpy(scratch, record->at, before);
    memcpy(scratch + before, number, len);
    memcpy(scratch + before + len, after, (size_t)(end - after));
    *record = (struct text){ (char *)scratch, before + len + (size_t)(end - after) };
}

static void change(struct records *records, struct text made, struct rng *rng, uint8_t *scratch, size_t size)
{
    size_t a = below(rng, records->count), b = below(rng, records->count);
    struct text record = records->at[a];
    switch (below(rng, 16)) {
    case 0:
        withdraw(records, a, 1);
        break;
    case 1:
        withdraw(records, a, run_from(records, a, rng));
        break;
    case 2:
    case 3:
        insert(records, b, &records->at[a], run_from(records, a, rng));
        break;
    case 4:
        records->at[a] = records->at[b];
        records->at[b] = record;
        break;
    case 5:
    case 6:
        change_bytes(&records->at[a], scratch, size);
        break;
    case 7:
    case 8:
        change_number(&records->at[a], rng, scratch, size);
        break;
    case 9:
        records->at[a] = made;
        break;
    case 10:
    case 11:
    case 12:
        insert(records, a, &made, 1);
        break;
    default:
        insert(records, records->count, &made, 1);
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
    static struct records records;
    struct rng rng = { seed };
    struct buf made[CHANGES_MAX] = { BUF_INIT };
    size_t changes = 1 + below(&rng, CHANGES_MAX), rows = 0;
    if (below(&rng, 40) == 0)
        return LLVMFuzzerMutate(bytes, len, max);
    while (grammar[rows])
        rows++;
    read_records(&records, bytes, len);
    for (size_t i = 0; i < changes; i++) {
        struct text record;
        (void)expand(grammar[below(&rng, rows)], &rng, true, &made[i]);
        record = buf_text(&made[i]);
        if (records.count == 0)
            insert(&records, 0, &record, 1);
        change(&records, record, &rng, scratch[i], sizeof scratch[i]);
    }
    len = join(&records, bytes, max);
    for (size_t i = 0; i < CHANGES_MAX; i++)
        buf_clear(&made[i]);
    return len;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_len, const uint8_t *other, size_t other_len,
                                 uint8_t *ret, size_t max, unsigned seed)
{
    static struct records records, others;
    struct rng rng = { seed };
    size_t place, from;
    read_records(&records, one, one_len);
    read_records(&others, other, other_len);
    place = below(&rng, records.count + 1);
    from = below(&rng, others.count + 1);
    if (below(&rng, 2) == 0)
        withdraw(&records, place, records.count - place);
    if (from < others.count)
        insert(&records, place, &others.at[from], run_from(&others, from, &rng));
    return join(&records, ret, max);
}
