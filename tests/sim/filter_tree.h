/* filter_tree.h - topic filters, and those of them that take a topic: a level of a filter is a level of the tree, so
 * that finding them costs as much as the topic has levels. filter_matches (retained.h) is the same for one filter. */
#ifndef SIM_FILTER_TREE_H
#define SIM_FILTER_TREE_H

#include <uthash.h>

#include "packet.h"

struct filter_level;

/* Embed it. */
struct filter_leaf {
    struct filter_leaf *prev, *next; /* utlist: of those with the same filter */
    struct filter_level *level;
};

/* Zero-initialise it, but for the arena and the steps. */
struct filter_tree {
    struct arena *arena;
    uint64_t *steps; /* counts the levels that were considered */
    struct filter_level *top;
};

void filter_tree_add(struct filter_tree *tree, struct filter_leaf *leaf, const char *filter);
void filter_tree_remove(struct filter_leaf *leaf);

/* In no particular order. */
void filter_tree_find(const struct filter_tree *tree, const char *topic,
                      void (*take)(void *user, struct filter_leaf *leaf), void *user);
void filter_tree_clear(struct filter_tree *tree); /* frees what lies outside of the arena */

#endif
