/* worker_ref.h - how people name a worker: NAME where that is unique, or HIVE/NAME; and a hive: hive/ID. Pure. */
#ifndef SKEP_CLI_WORKER_REF_H
#define SKEP_CLI_WORKER_REF_H

#include "buf.h"
#include "name.h"

struct worker_ref {
    char hive[NAME_SIZE];   /* "" = not given */
    char worker[NAME_SIZE]; /* "" = the hive itself is meant */
};

/* ERR_ID with a sentence that names what is wrong. The second also takes hive/ID, which is always the hive of that
 * name: a worker of a hive that is named "hive" goes by its NAME alone there. */
enum err worker_ref_parse(const char *word, struct worker_ref *ret, struct errbuf *e);
enum err worker_or_hive_ref_parse(const char *word, struct worker_ref *ret, struct errbuf *e);

/* The address of the worker (or hive) at the queen; nothing in it needs escaping. */
void worker_ref_add_path(const struct worker_ref *ref, struct buf *ret);

/* Is (hive, worker) what was meant? Without a hive it fits every hive; NULL fits nothing. */
bool worker_ref_fits(const struct worker_ref *ref, const char *hive, const char *worker);

#endif
