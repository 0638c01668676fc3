/* queen_host.h - a queen's process: the core under common/daemon. */
#ifndef SIM_QUEEN_HOST_H
#define SIM_QUEEN_HOST_H

#include "routes.h"
#include "words.h"
#include "world.h"

/* Starts the process `name`, a new one if it ran before. Options as of skep-queen: stale-after, confirm-wait,
 * return-grace, keep-alive (durations), max-workers, max-state (numbers), expect (HIVE/NAME,...), devices (presets of
 * device_presets.h, each a section of that name); limits as of struct queen_limits: records, verifying, unsent. */
enum err queen_start(struct world *world, const char *name, const struct words *options, struct errbuf *e);

bool node_is_queen(const struct node *node);

/* Of the allocations of its core, the `which`th from now on fails; 0 = none. */
void queen_fail_memory(struct node *node, unsigned which);

/* One request; the caller clears ret->body. */
void queen_ask(struct node *node, const char *method, const char *path, const char *body, struct http_response *ret);

/* What becomes of what it stores; ERR_UNKNOWN. */
#define QUEEN_DISKS "ok|full|damaged|loses-batch"
enum err queen_disk(struct node *node, const char *state);

#endif
