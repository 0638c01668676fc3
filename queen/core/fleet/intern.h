/* intern.h - one copy of each word that many records say: a status, a model, a version. Bounded, in all and for the
 * hive that said it first, since senders may make words up. */
#ifndef SKEP_INTERN_H
#define SKEP_INTERN_H

#include "share.h"

#define INTERN_MAX 4096

/* Stands for a word that there was no room or memory for: it is in the record's document only. */
#define INTERN_FULL (INTERN_MAX + 1)

/* The workers that say it, by state: as their model, with the queues of those who are online; as their version. */
struct word_use {
    uint32_t models[STATE_COUNT], versions[STATE_COUNT];
    uint64_t queue_depth;
};

struct intern {
    struct interned *by_text; /* uthash */
    struct shares *shares;    /* where words are counted */
    size_t count, unused_count;
    struct interned *words[INTERN_MAX + 1]; /* by number */
    uint16_t unused[INTERN_MAX];            /* numbers of words that were let go */
    struct word_use none, full;             /* of those who say none; of those whose word is INTERN_FULL */
};

void intern_clear(struct intern *intern);

/* The number of `text` (0 for NULL: no word) in place of `number`, which is let go, for a worker of that share's hive.
 */
unsigned intern_swap(struct intern *intern, struct share *share, unsigned number, const char *text);

/* Borrowed while somebody has the number. NULL: no word, or it is INTERN_FULL. */
const char *intern_text(const struct intern *intern, unsigned number);

/* Of any number that somebody has, of 0 and of INTERN_FULL; NULL for others. */
struct word_use *intern_use(struct intern *intern, unsigned number);

#endif
