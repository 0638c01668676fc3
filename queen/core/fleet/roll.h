/* roll.h - all records in the order of first sight, for readers that go through them in slices: the number of a record
 * is a place that stays valid whoever comes and goes in between.
 *
 * What lists filter and sort by stands here, in 32 bytes for each record and one behind the other: a scan of 100,000 of
 * them reads no record that does not match, and the processor fetches ahead. */
#ifndef SKEP_ROLL_H
#define SKEP_ROLL_H

#include "record.h"

#define ROLL_WORD_BITS 13 /* of a word's number */

/* Zero-initialised it is empty. */
struct roll {
    struct roll_entry {
        struct record *record; /* NULL: removed */
        uint32_t number;       /* ascending */
        unsigned state : 3;    /* the record's (registry_set_state) */
        bool is_hive : 1;
        bool unsaved : 1;                 /* what the store has of it is not what is known */
        bool received : 1;                /* live, by this process */
        unsigned status : ROLL_WORD_BITS; /* words of the registry's (intern.h), of the record's document, and ... */
        unsigned model : ROLL_WORD_BITS;
        struct load_numbers load;
    } * entries;
    size_t count, size, removed, unsaved;
};

void roll_clear(struct roll *roll);

/* Room for one more. ERR_NOMEM. */
enum err roll_reserve(struct roll *roll);

/* Gives the record the next number and its place; there is room for it. Its load is not known. */
void roll_add(struct roll *roll, struct record *record);
void roll_remove(struct roll *roll, const struct record *record);

/* What is known of it has changed: it is to be stored. And: it is stored as it is known. */
void roll_mark(struct roll *roll, const struct record *record);
void roll_unmark(struct roll *roll, const struct record *record);
void roll_mark_all(struct roll *roll);

/* The first marked one behind that number; NULL: none. */
struct record *roll_next_marked(const struct roll *roll, uint32_t number);

/* The record of that number; NULL when it is gone. */
struct record *roll_find(const struct roll *roll, uint32_t number);

static inline struct roll_entry *roll_entry_of(const struct roll *roll, const struct record *record)
{
    return &roll->entries[record->place];
}

/* The place of the first entry behind that number. Entries from there to `count` may be read until the next change;
 * those that are removed have no record. */
size_t roll_after(const struct roll *roll, uint32_t number);

#endif
