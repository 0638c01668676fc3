/* worker_host.h - a worker's process: the core, carried out as worker/lib/driver.c does it. */
#ifndef SIM_WORKER_HOST_H
#define SIM_WORKER_HOST_H

#include "words.h"
#include "worker.h"
#include "world.h"

/* Starts the process `name`, with a new session. Options: interval, lease, keep-alive (durations), hive, status,
 * session (16 hex digits; default random). */
enum err worker_start(struct world *world, const char *name, const struct words *options, struct errbuf *e);

bool node_is_worker(const struct node *node);

/* SIGTERM. `exit` is how its watched program ended; NULL = it leaves in peace. */
void worker_leave_fleet(struct node *node, const struct exit_info *exit);

/* A field of its heartbeat; of its facts. */
enum err worker_set_number(struct node *node, const char *field, double value);
enum err worker_set_text(struct node *node, const char *field, const char *value);

/* How its work loop answers those who verify it (a new process: ok). It hangs: it does not, and its link's thread does
 * in its place, late. */
#define WORKER_ANSWERS "ok|unknown|stalled|hangs"
enum err worker_set_answer(struct node *node, const char *answer);
bool worker_hangs(const struct node *node); /* ... with something in flight */

void worker_progress(struct node *node); /* one step of its work loop */

/* Its agent sees that the watched program is stopped, or goes on, and beats at once. */
void worker_set_stopped(struct node *node, bool stopped);

const char *worker_hive(const struct node *node);
ms_t worker_lease(const struct node *node);

#endif
