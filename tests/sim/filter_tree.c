#include "filter_tree.h"

#include <utlist.h>

struct filter_level {
    UT_hash_handle hh; /* by name, among those of the level above */
    struct filter_level *below;
    struct filter_leaf *leaves; /* whose filter ends here */
};

static struct filter_level *level_find(const struct filter_level *above, const char *name, size_t len)
{
    struct filter_level *level;
    HASH_FIND(hh, above->below, name, len, level);
    return level;
}

static struct filter_level *level_find_or_add(struct filter_tree *tree, struct filter_level *above, const char *name,
                                              size_t len)
{
    struct filter_level *level = level_find(above, name, len);
    char *key;
    if (level)
        return level;
    level = sim_alloc(tree->arena, sizeof *level);
    key = sim_alloc(tree->arena, len + 1);
    memcpy(key, name, len);
    HASH_ADD_KEYPTR(hh, above->below, key, len, level);
    return level;
}

void filter_tree_add(struct filter_tree *tree, struct filter_leaf *leaf, const char *filter)
{
    struct filter_level *level = tree->top;
    if (!level)
        level = tree->top = sim_alloc(tree->arena, sizeof *level);
    for (const char *at = filter, *slash; at; at = slash ? slash + 1 : NULL) {
        slash = strchr(at, '/');
        level = level_find_or_add(tree, level, at, strcspn(at, "/"));
    }
    leaf->level = level;
    DL_APPEND(level->leaves, leaf);
}

void filter_tree_remove(struct filter_leaf *leaf)
{
    DL_DELETE(leaf->level->leaves, leaf);
}

struct search {
    uint64_t *steps;
    void (*take)(void *user, struct filter_leaf *leaf);
    void *user;
};

static void take_leaves(const struct search *search, const struct filter_level *level)
{
    struct filter_leaf *leaf;
    if (!level)
        return;
    DL_FOREACH(level->leaves, leaf)
    {
        search->take(search->user, leaf);
    }
}

/* `topic`: what is left of it; NULL = nothing. */
static void search_level(const struct search *search, const struct filter_level *level, const char *topic,
                         bool wildcards)
{
    size_t len;
    const char *after;
    if (!level)
        return;
    ++*search->steps;
    if (wildcards)
        take_leaves(search, level_find(level, "#", 1));
    if (!topic) {
        take_leaves(search, level);
        return;
    }
    len = strcspn(topic, "/");
    after = topic[len] ? topic + len + 1 : NULL;
    search_level(search, level_find(level, topic, len), after, true);
    if (wildcards)
        search_level(search, level_find(level, "+", 1), after, true);
}

void filter_tree_find(const struct filter_tree *tree, const char *topic,
                      void (*take)(void *user, struct filter_leaf *leaf), void *user)
{
    struct search search = { tree->steps, take, user };
    search_level(&search, tree->top, topic, topic[0] != '$');
}

static void level_clear(struct filter_level *level)
{
    struct filter_level *below, *after;
    HASH_ITER(hh, level->below, below, after)
    {
        level_clear(below);
        HASH_DELETE(hh, level->below, below);
    }
}

void filter_tree_clear(struct filter_tree *tree)
{
    if (tree->top)
        level_clear(tree->top);
}
