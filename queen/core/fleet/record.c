#include "record.h"

#include <stdlib.h>

#define FLAPPING_SECONDS 600
#define FLAPPING_SET RECORD_CHANGES
#define FLAPPING_CLEAR 2

struct record *record_new(struct text hive, struct text worker)
{
    size_t size = offsetof(struct record, names) + hive.len + worker.len + 2;
    struct record *record = calloc(1, size < sizeof *record ? sizeof *record : size);
    if (!record)
        return NULL;
    record->hive_len = (uint8_t)hive.len;
    record->worker_len = (uint8_t)worker.len;
    memcpy(record->names, hive.at, hive.len);
    if (worker.len > 0)
        memcpy(record->names + hive.len + 1, worker.at, worker.len);
    record->interval_ms = INT_ABSENT;
    record->lease_ms = INT_ABSENT;
    record->received_mono = MS_NEVER;
    record->skew = TIME_ABSENT;
    record->work.progress = INT_ABSENT;
    return record;
}

void record_free(struct record *record)
{
    if (!record)
        return;
    free(record->incarnation.retired);
    free(record->loss);
    free(record->verification); /* or what the queen keeps of a hive */
    free(record->document);
    free(record->witness);
    free(record);
}

/* Never 0, which stands for none. */
static uint32_t seconds(ms_t now)
{
    return (uint32_t)(now / 1000 + 1);
}

bool record_in_conflict(const struct record *record, ms_t now)
{
    return record->conflict != 0 && seconds(now) - record->conflict < RECORD_CONFLICT_MS / 1000;
}

/* Monotonic time when a second that was noted is so old. */
static ms_t after(uint32_t noted, uint32_t age)
{
    return ((ms_t)noted + age - 1) * 1000;
}

void record_note_conflict(struct record *record, ms_t now)
{
    record->conflict = seconds(now);
}

static unsigned changes_lately(const struct record *record, ms_t now)
{
    unsigned count = 0;
    for (size_t i = 0; i < RECORD_CHANGES; i++)
        if (record->changes[i] != 0 && seconds(now) - record->changes[i] < FLAPPING_SECONDS)
            count++;
    return count;
}

bool record_is_flapping(const struct record *record, ms_t now)
{
    return record->flapping && changes_lately(record, now) >= FLAPPING_CLEAR;
}

/* Flapping ends with the last but one of the changes. */
ms_t record_flags_end(const struct record *record)
{
    uint32_t before = record->changes[(record->change_next + RECORD_CHANGES - FLAPPING_CLEAR) % RECORD_CHANGES];
    ms_t end = record->flapping ? after(before, FLAPPING_SECONDS) : MS_NEVER;
    return record->conflict == 0 ? end : ms_min(end, after(record->conflict, RECORD_CONFLICT_MS / 1000));
}

bool record_end_flags(struct record *record, ms_t now)
{
    bool conflict = record_in_conflict(record, now), flapping = record_is_flapping(record, now);
    bool has_ended = (record->conflict != 0 && !conflict) || (record->flapping && !flapping);
    record->conflict = conflict ? record->conflict : 0;
    record->flapping = flapping;
    return has_ended;
}

bool record_has_flags(const struct record *record, ms_t now)
{
    return record_in_conflict(record, now) || record_is_flapping(record, now) || record->dropped || record->feed_lost;
}

void record_count_change(struct record *record, ms_t now)
{
    bool before = record_is_flapping(record, now);
    record->changes[record->change_next] = seconds(now);
    record->change_next = (record->change_next + 1) % RECORD_CHANGES;
    record->flapping = before || changes_lately(record, now) >= FLAPPING_SET;
}

ms_t record_oldest_change(const struct record *record)
{
    return (ms_t)record->changes[record->change_next] * 1000; /* to be sure: it was up to a second before */
}
