/* intern.h - one copy of each word that many records say: a status, a model. Bounded, in all and for the hive that said
 * it first, since senders may make words up. */
#ifndef SKEP_INTERN_H
#define SKEP_INTERN_H

#include "share.h"

#define INTERN_MAX 4096

struct intern {
    struct interned *by_text; /* uthash */
    struct shares *shares;    /* where words are counted */
    size_t count;
};

/* Stands for a word that there was no room or memory for: it is in the record's document only. */
extern const char intern_full[];

void intern_clear(struct intern *intern);

/* Makes *slot, of a worker of that share's hive, the table's copy of `text`, or NULL for NULL, and lets go of the word
 * that was there. The copy is good while a slot has it. */
void intern_set(struct intern *intern, struct share *share, const char **slot, const char *text);

#endif
