#include "roll.h"

#include <stdlib.h>

#define SIZE_FIRST 64

_Static_assert(STATE_COUNT <= 8, "an entry has three bits for the state");

void roll_clear(struct roll *roll)
{
    free(roll->entries);
    *roll = (struct roll){ 0 };
}

enum err roll_reserve(struct roll *roll)
{
    size_t size = roll->size ? roll->size + roll->size / 8 : SIZE_FIRST;
    struct roll_entry *entries;
    if (roll->count < roll->size)
        return OK;
    if (!(entries = realloc(roll->entries, size * sizeof *entries)))
        return ERR_NOMEM;
    roll->entries = entries;
    roll->size = size;
    return OK;
}

void roll_add(struct roll *roll, struct record *record)
{
    uint32_t number = roll->count ? roll->entries[roll->count - 1].number + 1 : 1;
    record->place = (uint32_t)roll->count;
    roll->entries[roll->count++] = (struct roll_entry){ .record = record,
                                                        .number = number,
                                                        .state = record->state,
                                                        .is_hive = record_is_hive(record),
                                                        .load = LOAD_NONE.numbers };
}

/* Closes the gaps; the last entry stays, for it has the highest number. */
static void compact(struct roll *roll)
{
    size_t kept = 0;
    for (size_t i = 0; i < roll->count; i++) {
        if (roll->entries[i].record)
            roll->entries[i].record->place = (uint32_t)kept;
        if (roll->entries[i].record || i + 1 == roll->count)
            roll->entries[kept++] = roll->entries[i];
    }
    roll->removed = kept > 0 && !roll->entries[kept - 1].record;
    roll->count = kept;
}

size_t roll_after(const struct roll *roll, uint32_t number)
{
    size_t low = 0, high = roll->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (roll->entries[middle].number <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct record *roll_find(const struct roll *roll, uint32_t number)
{
    size_t after = roll_after(roll, number);
    return after > 0 && roll->entries[after - 1].number == number ? roll->entries[after - 1].record : NULL;
}

void roll_remove(struct roll *roll, const struct record *record)
{
    roll_unmark(roll, record);
    roll_entry_of(roll, record)->record = NULL;
    if (++roll->removed > SIZE_FIRST && roll->removed > roll->count / 2)
        compact(roll);
}

static void set_unsaved(struct roll *roll, struct roll_entry *entry, bool unsaved)
{
    roll->unsaved += unsaved;
    roll->unsaved -= entry->unsaved;
    entry->unsaved = unsaved;
}

void roll_mark(struct roll *roll, const struct record *record)
{
    set_unsaved(roll, roll_entry_of(roll, record), true);
}

void roll_unmark(struct roll *roll, const struct record *record)
{
    set_unsaved(roll, roll_entry_of(roll, record), false);
}

void roll_mark_all(struct roll *roll)
{
    for (size_t i = 0; i < roll->count; i++)
        set_unsaved(roll, &roll->entries[i], roll->entries[i].record != NULL);
}

struct record *roll_next_marked(const struct roll *roll, uint32_t number)
{
    size_t place = roll->unsaved > 0 ? roll_after(roll, number) : roll->count;
    while (place < roll->count && !roll->entries[place].unsaved)
        place++;
    return place < roll->count ? roll->entries[place].record : NULL;
}
