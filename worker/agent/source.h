/* source.h - where the content of the heartbeats comes from. Exactly one is chosen by an option. */
#ifndef SKEP_SOURCE_H
#define SKEP_SOURCE_H

#include "agent.h"

struct source {
    const char *first_status; /* of the worker */

    /* Before the worker is opened. Sets agent->source_state, which lives in the agent's arena, and agent->pid if
     * another process does the work. On failure with a sentence; ERR_NOT_FOUND, ERR_REFUSED as in child_new. */
    enum err (*prepare)(struct agent *agent, struct errbuf *e);

    void (*start)(void *state); /* the worker is open */

    /* The worker is being verified: how does its work? Called again soon after SKEP_WORK_LATER, then not for the first
     * time; left_ms as in skep_worker_on_verify. NULL = the loop itself does the work. */
    enum skep_work (*verify)(void *state, bool is_first, uint32_t left_ms);

    void (*stop)(void *state);   /* requested to end: calls agent_end, now or later; NULL = it ends at once */
    void (*reload)(void *state); /* SIGHUP came; NULL = ignored */
    /* Another signal came, as in signal_relay.h; NULL = ignored. */
    void (*signal)(void *state, int number, bool is_sent);
    void (*clear)(void *state); /* NULL = there is nothing that the end of loop and arena does not end */
};

extern const struct source source_exec, source_stdin, source_simulate, source_feed, source_attach;

#endif
