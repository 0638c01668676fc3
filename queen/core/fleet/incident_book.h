/* incident_book.h - what is wrong, from its first announcement to its end: workers that are lost or stand still, hives
 * that are down, storms, a queen that is blind. Alerts are made of incidents, not of changes. Pure.
 *
 * Open ones and ended ones, in the order in which they became known, INCIDENT_BOOK_BYTES in all: where there are more,
 * the hive with most of them loses its oldest. Of one subject one is open at a time. */
#ifndef SKEP_INCIDENT_BOOK_H
#define SKEP_INCIDENT_BOOK_H

#include "fair_queue.h"
#include "store_row.h"

#define INCIDENT_BOOK_BYTES ((size_t)16 * 1024 * 1024) /* about 50,000 */

struct incident {
    const char *hive, *worker; /* "" = none */
    uint64_t number;           /* ascending: the place in the book */
    struct incident_row is;
};

struct incident_entry;

/* Zero-initialise it. */
struct incident_book {
    struct fair_queue queue;
    struct incident_entry *open;    /* uthash by subject, in the order of their numbers */
    struct incident_entry *unsaved; /* utlist: those that the store has not as they are */
    size_t open_count;
    struct incident_place {
        uint64_t number;              /* ascending */
        struct incident_entry *entry; /* NULL: dropped */
    } * places;
    size_t place_count, place_size, gaps;
    uint64_t last; /* number */
};

void incident_book_clear(struct incident_book *book);

/* With copies of the names. If one of its subject is open, that one is of what the row has from now on: class, state,
 * cause and incarnation, but not id and time. ERR_NOMEM. */
enum err incident_book_add(struct incident_book *book, struct text hive, struct text worker,
                           const struct incident_row *row);

/* The same from the store, which has it as it is. An earlier one of its subject that it has as open is none: the book
 * had no room for it when it ended. */
enum err incident_book_restore(struct incident_book *book, struct text hive, struct text worker,
                               const struct incident_row *row);

/* The open one of that subject ends at wall time `at`. False: there is none. */
bool incident_book_end(struct incident_book *book, enum incident_kind kind, struct text hive, struct text worker,
                       enum incident_end end, ms_t at);

/* The open one of that subject, or NULL. Borrowed until the next add, like all below. */
const struct incident *incident_book_find(const struct incident_book *book, enum incident_kind kind, struct text hive,
                                          struct text worker);

/* The first one with a number above that, the one behind it, and the first that is open; NULL: none. */
const struct incident *incident_book_after(const struct incident_book *book, uint64_t number);
const struct incident *incident_book_next(const struct incident *incident);
const struct incident *incident_book_oldest_open(const struct incident_book *book);

/* The next one that is to be stored, which the store has from now on; NULL: none. And: it has none as they are. */
const struct incident *incident_book_next_unsaved(struct incident_book *book);
void incident_book_lost(struct incident_book *book);

/* The same for everybody who finds the same wrong with the same process: who is told of it by two queens can tell. */
uint64_t incident_fingerprint(const struct incident *incident);

#endif
