/* bridge_node.h - an edge broker of a world, whose bridge is a node of the same name: `cut e1` is the path of the
 * bridge, and workers with at=e1 connect to the broker. */
#ifndef SIM_BRIDGE_NODE_H
#define SIM_BRIDGE_NODE_H

#include "world.h"

/* A broker that runs, and its bridge to the world's first one. ERR_CONFLICT: there is one of that name. */
enum err edge_start(struct world *world, const char *name, struct errbuf *e);

bool node_is_bridge(const struct node *node);

/* After `stop`, `kill` or `start` of its broker. */
void bridge_node_follow(struct node *node, const char *verb);

#endif
