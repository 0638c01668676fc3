/* store_scene.h - a folder with a store, processes that take it one after the other, and rows to put there. */
#ifndef SKEP_STORE_SCENE_H
#define SKEP_STORE_SCENE_H

#include "arena.h"
#include "fake_store.h"
#include "store.h"

#define ROWS 100000
#define SEEN_MAX (ROWS + 12000)

struct scene {
    char dir[64], path[96];
    struct store *store;
    struct fake_store fake;
    struct arena arena;
    ms_t now;
    struct store_row *seen; /* borrowed texts are not kept: they are in `arena` */
    size_t seen_count;
};

/* A store that a process opens, fills and leaves. */
struct store_kind_ops {
    const char *name;
    void (*open)(struct scene *scene);
    void (*put)(struct scene *scene, const struct store_row *rows, size_t count);
    void (*leave)(struct scene *scene);
    void (*load)(struct scene *scene);
};

#define STORE_KINDS 2
extern const struct store_kind_ops kinds[STORE_KINDS]; /* the database, and the fake */

void store_scene_init(struct scene *scene);
void store_scene_clear(struct scene *scene);

/* The database: the first kind. */
void real_open(struct scene *scene);
void real_put(struct scene *scene, const struct store_row *rows, size_t count);
void real_leave(struct scene *scene);
void real_load(struct scene *scene);

/* For store_load, with a scene. */
enum err see(void *user, const struct store_row *row);

/* Another process takes it, and reads what there is. */
void reopen(struct scene *scene, const struct store_kind_ops *kind);

struct store_row life(uint32_t number);
struct store_row event(uint64_t id, const char *document);
struct store_row tombstone(const char *worker);
struct store_row incident(uint64_t id, ms_t ended);
struct store_row record(const char *hive, const char *worker, enum state state);

void assert_same(const struct store_row *a, const struct store_row *b);

#endif
