/* agents.h - the agents as processes of the kernel: started in sessions of their own, watched, signalled, and when one
 * is gone, what is left of its session is ended. One for each worker at most.
 *
 * Everything happens on the loop's thread. */
#ifndef SKEP_AGENTS_H
#define SKEP_AGENTS_H

#include "exit_status.h"
#include "launch.h"
#include "loop.h"

struct agents;

/* Neither may call back here at once. */
struct agents_events {
    void (*exited)(void *user, const char *worker,
                   const struct exit_status *exit_status); /* NULL: nobody can know how */
    void (*swept)(void *user, const char *worker);         /* another one may be started */
};

/* A process, whatever becomes of its pid. */
struct agent_key {
    int64_t pid;
    uint64_t started; /* proc.h */
};

/* `events` and `user` are borrowed for good. ERR_NOT_FOUND when skep-worker is not installed next to this program,
 * ERR_IO. */
enum err agents_new(struct loop *loop, const struct agents_events *events, void *user, struct agents **ret,
                    struct errbuf *e);
void agents_free(struct agents *agents); /* agents that run go on */
DEFINE_AUTO_FREE(agents)

/* Starts an agent that does nothing before it is released; if this process ends first, so does it. `directory` NULL:
 * the hive's own. ERR_IO with a sentence. */
enum err agents_start(struct agents *agents, const char *worker, const struct launch *launch, const char *directory,
                      struct agent_key *ret, struct errbuf *e);

/* What must be known of it, should this process end, is written down: it may begin. */
void agents_release(struct agents *agents, const char *worker);

/* It could not be written down: it ends without having done anything, and its end is not reported. */
void agents_abort(struct agents *agents, const char *worker);

/* Takes over an agent that a predecessor has started; `exited` comes later, also when it is gone already. ERR_NOMEM,
 * ERR_IO. */
enum err agents_adopt(struct agents *agents, const char *worker, struct agent_key key, struct errbuf *e);

/* Carries an order out, but PROCESS_START. What an agent that is gone has left is looked for below this process; among
 * all processes of the machine only for one that was adopted, or where the kernel lists no children. `swept` comes when
 * nothing is left. */
void agents_order(struct agents *agents, const char *worker, enum process_order order);

#endif
