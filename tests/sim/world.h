/* world.h - a fleet in one process: real cores at a fake broker under a fake clock.
 *
 * The next event is the earliest of what arrives and what is due; the clock jumps there. The same seed and the same
 * script give the same trace. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "client.h"
#include "store_row.h"
#include "words.h"

#define WORLD_ROOT "skep/v1"
#define WORLD_HIVE "default"
#define NODE_NAME_SIZE 32

/* A program that is connected to the broker, or would like to be. */
struct node {
    const struct node_kind *kind;
    struct world *world;
    char name[NODE_NAME_SIZE];
    struct client client;
    bool running;   /* its process */
    bool paused;    /* stopped by a signal: what comes waits in the socket */
    ms_t skew;      /* its wall clock minus the world's */
    struct rng rng; /* its own, so that what one does changes no number of another */
    struct agenda_item due;
    struct node *turns_next; /* of those that are due now */
    struct node *prev, *next;
    UT_hash_handle hh;
};

struct node_kind {
    const char *actor; /* in the trace */
    ms_t (*deadline)(const struct node *node);
    void (*turn)(struct node *node);  /* does all that is due by now */
    void (*clear)(struct node *node); /* the process is gone: lets go of what it had */
};

/* For whoever checks more than a trace. */
struct world_events {
    void (*event)(void *user, const struct node *queen, struct text json); /* an event document of the queen */
    void (*message)(void *user, const struct node *queen, const struct message *message);   /* the queen reads it */
    void (*published)(void *user, const struct node *queen, const struct publish *publish); /* the queen sends it */
    void (*restored)(void *user, const struct node *queen, const struct store_row *row);    /* it had stored that */
    void (*turned)(void *user, ms_t now);                                                   /* something happened */
};

#define WORLD_WATCHERS_MAX 2

struct world {
    struct arena arena;
    struct network network;
    struct fake_broker broker; /* the first one, named "" */
    struct trace trace;
    struct node *nodes;   /* utlist */
    struct node *by_name; /* uthash */
    struct agenda agenda; /* of the nodes */
    ms_t wall;            /* unix time at monotonic 0 */
    uint64_t seed;
    struct world_watcher {
        const struct world_events *events; /* any of them may be NULL */
        void *user;
    } watchers[WORLD_WATCHERS_MAX];
    size_t watcher_count;
};

void world_init(struct world *world, uint64_t seed);
void world_clear(struct world *world);

/* From now on the events are told to that one, too. */
void world_watch(struct world *world, const struct world_events *events, void *user);
void world_seed(struct world *world, uint64_t seed); /* for nodes that are not there yet, and the network */

/* Lets everything happen that is due by `until`, which then is the time. */
void world_run(struct world *world, ms_t until);

/* Wall clock of the node, or of the world for NULL. */
ms_t world_wall(const struct world *world, const struct node *node);

struct node *world_find(const struct world *world, const char *name); /* NULL when unknown */

/* A broker in the memory of the world, which runs; the name is borrowed. And one by name; NULL when unknown. */
void world_add_broker(struct world *world, struct fake_broker *broker, const char *name);
struct fake_broker *world_find_broker(struct world *world, const char *name);

/* Where the node connects to from now on: option at=BROKER-OR-DOOR,..., by default the first broker. */
enum err world_place(struct world *world, struct node *node, const struct words *options, struct errbuf *e);

/* A node in the memory of the world; the kind's struct begins with it. */
void world_add(struct world *world, struct node *node, const struct node_kind *kind, const char *name);

/* The same for a process that may have run before: `size` bytes, new or what is left of it. NULL: it runs, or is of
 * another kind. */
struct node *world_claim(struct world *world, const struct node_kind *kind, size_t size, const char *name);

/* Calls the member of each watcher that has it. */
#define WORLD_TELL(world, member, ...)                                                       \
    do {                                                                                     \
        for (size_t i = 0; i < (world)->watcher_count; i++)                                  \
            if ((world)->watchers[i].events->member)                                         \
                (world)->watchers[i].events->member((world)->watchers[i].user, __VA_ARGS__); \
    } while (0)

void node_say(const struct node *node, const char *format, ...) PRINTF_LIKE(2, 3);
void node_kill(struct node *node); /* SIGKILL: the kernel closes its socket */

#endif
