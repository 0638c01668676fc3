/* orders.h - what the hive's core wants done with its agents, carried out; and a record of each in the state directory,
 * so that a restarted hive can adopt it. On the loop's thread. */
#ifndef SKEP_ORDERS_H
#define SKEP_ORDERS_H

#include "daemon_loop.h"
#include "hive.h"
#include "hive_conf.h"

struct orders {
    struct daemon *daemon;
    struct agents *agents;
    struct state_dir *state;      /* NULL: none is kept */
    struct hive *hive;            /* whose agents they are; set before the first order */
    const struct hive_conf *conf; /* whose roster and [agent] count; set likewise */
};

/* `loop` is borrowed for good. `state_dir` may be NULL. Cleared also after a failure. ERR_CONFLICT when another hive
 * has the directory; the errors of agents_new and state_dir_open. */
enum err orders_init(struct orders *orders, struct daemon_loop *loop, const char *state_dir, struct errbuf *e);
void orders_clear(struct orders *orders); /* agents that run go on */

/* Adopts what the state directory lists. */
enum err orders_adopt(struct orders *orders, struct errbuf *e);

/* Carries out what the core wants now, for 20 ms at most. False: more is left. */
bool orders_carry_out(struct orders *orders);

/* What only a hive takes (hive.h), and what comes of it. */
void orders_take(struct orders *orders, struct hive_input input);

#endif
