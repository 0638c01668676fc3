/* chaos_fleet.h - the fleet that things happen to: its script, its programs and its referees. Part of chaos. */
#ifndef SIM_CHAOS_FLEET_H
#define SIM_CHAOS_FLEET_H

#include "referee.h"

#define CHAOS_QUEENS_MAX 2
#define CHAOS_NODES_MAX 64
#define CHAOS_LINE_SIZE 128
#define CHAOS_TWIN "twin"
#define CHAOS_TWIN_MS 20000 /* longer than it takes to find out who holds an id */

extern const char *const chaos_queens[CHAOS_QUEENS_MAX];

/* How one of them is started, and who judges her. */
struct judged_queen {
    struct referee referee;
    char start[CHAOS_LINE_SIZE];
    bool has_ended; /* by the script, not by herself */
};

struct chaos {
    struct world world;
    struct judged_queen judged[CHAOS_QUEENS_MAX];
    struct rng rng;   /* of the script; the world has its own */
    struct rng kinds; /* of what kind of world it is: what is drawn there changes no number of another */
    const char *nodes[CHAOS_NODES_MAX]; /* workers, then the hive if it runs, then the queens */
    size_t workers, count, queens;
    bool is_core[CHAOS_NODES_MAX]; /* healed, and left alone */
    bool is_cluster, has_store, has_edge, has_twin;
    struct errbuf failed;
};

/* A line of the script happens now; one that cannot is a finding. */
void chaos_act(struct chaos *chaos, const char *format, ...) PRINTF_LIKE(2, 3);
void chaos_pass(struct chaos *chaos, ms_t time);

/* 0 to count - 1, of the script's numbers. */
int64_t chaos_pick(struct chaos *chaos, int64_t count);

struct node *chaos_queen(const struct chaos *chaos, size_t queen);
size_t chaos_first_queen(const struct chaos *chaos); /* among the nodes */
const char *chaos_place_of(const struct chaos *chaos, size_t which);

void chaos_start(struct chaos *chaos, size_t which);
void chaos_start_queen(struct chaos *chaos, size_t queen);
void chaos_end(struct chaos *chaos, size_t which);

/* `judge w1`, `judge all by=q2`, `judge twin` */
void chaos_judge(struct chaos *chaos, const char *command);

/* What the first of the referees has found; "" = nothing. */
struct errbuf chaos_finding(const struct chaos *chaos);
bool chaos_is_well(const struct chaos *chaos);

#endif
