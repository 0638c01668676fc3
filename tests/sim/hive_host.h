/* hive_host.h - a hive's process: the core under common/daemon, with an empty roster. */
#ifndef SIM_HIVE_HOST_H
#define SIM_HIVE_HOST_H

#include "words.h"
#include "world.h"

/* Starts the process of the hive `name`, with a new session. Options: keep-alive, reconnect-max (durations), session
 * (16 hex digits; default random). */
enum err hive_start(struct world *world, const char *name, const struct words *options, struct errbuf *e);

bool node_is_hive(const struct node *node);

/* The present or next link is its own: before, it only finds out who holds its id. */
bool hive_has_its_id(const struct node *node);

#endif
