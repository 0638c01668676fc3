/* store.h - what a queen remembers over its restarts, in a database in a folder of its own (queen.db), written by one
 * thread.
 *
 *     err = store_open(dir, &store, &e); store_load(store, queen_restore, queen, ...)
 *     after each step: if (store_takes(store, now)) { while (store_has_room(store) && ...) store_put(...);
 *     store_commit(store, now); }
 *
 * Of events the last STORE_EVENTS are kept, and STORE_EVENT_BYTES of their documents.
 *
 * All calls on the loop's thread; only those that say so wait for the disk. A batch is kept as a whole or not at all,
 * and those that were full with the one that follows them: so what is kept is what was known at one moment.
 */
#ifndef SKEP_STORE_H
#define SKEP_STORE_H

#include "err.h"
#include "store_row.h"

struct store;

/* Makes the folder if need be (not its parents), locks it, and examines the database, which may take seconds. One that
 * is damaged, or of a later version, is renamed and said in *e: OK. Where folder or database cannot be written: OK,
 * store_fault says so, and each batch tries again; the first one that is kept replaces what is there, but for events.
 * ERR_CONFLICT: another queen has the folder; ERR_REFUSED: somebody else could write there, or it is a link;
 * ERR_NOMEM. Each with a sentence. */
enum err store_open(const char *dir, struct store **ret, struct errbuf *e);

/* Whether a queen would take the folder, as far as reading it tells; makes, locks and changes nothing. The errors of
 * store_open but ERR_CONFLICT, and ERR_IO: it would run on without. */
enum err store_check(const char *dir, struct errbuf *e);

/* All rows, in the order of their kinds, also where they can only be read. Those that `take` refuses are left out and
 * counted in *ret_refused. Waits for the disk; before the first batch. Another error, with a sentence: some are
 * missing. */
enum err store_load(struct store *store, enum err (*take)(void *user, const struct store_row *row), void *user,
                    size_t *ret_refused, struct errbuf *e);

/* A batch may be filled: the last one is written, and it is a second later or it was full. After a failure only after a
 * minute. */
bool store_takes(struct store *store, ms_t now);
bool store_has_room(const struct store *store);                   /* for two more rows in the batch */
void store_put(struct store *store, const struct store_row *row); /* copied */
void store_commit(struct store *store, ms_t now);

/* Since it was called last, a batch was not kept. */
bool store_has_lost(struct store *store);

/* Why nothing is written, for people; NULL: it is. Valid until the next store_takes. */
const char *store_fault(const struct store *store);

/* Waits for the batch at hand, 2 s at most; false: it is not written yet. */
bool store_wait(struct store *store);

/* The same, and gives the folder back. NULL is fine. */
void store_close(struct store *store);

#endif
