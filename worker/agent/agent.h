/* agent.h - what the parts of skep-worker share: one worker, one loop, one source of what the heartbeats say.
 *
 * Everything happens on the loop's thread. */
#ifndef SKEP_AGENT_H
#define SKEP_AGENT_H

#include <skep/worker.h>

#include "agent_conf.h"
#include "arena.h"
#include "exit_status.h"
#include "httpd.h"
#include "loop.h"

struct feed;
struct source;
struct log_relay;
struct signal_relay;

struct agent {
    const struct agent_conf *conf;
    char **command;     /* of --exec, ended by NULL */
    struct arena arena; /* lives as long as the agent */
    struct loop *loop;
    const struct source *source;
    void *source_state;         /* NULL until it is prepared */
    struct skep_worker *worker; /* NULL until it is opened */
    uint32_t pid;               /* that does the work; 0 = this process */
    struct feed *feed;          /* NULL without --feed */
    unsigned lost_feeds;        /* of those that report the work, how many are lost (feed_lines.h) */
    struct log_relay *relay;
    struct signal_relay *signals;
    struct httpd *page;       /* GET /health; NULL without --http */
    char url[HTTPD_URL_SIZE]; /* of the page, which the worker publishes as its endpoint: http://127.0.0.1:8080 */
    struct loop_fd *verify_watch;
    struct loop_timer *verify_timer;
    bool verify_waits;              /* the source has answered: later */
    bool is_stalled;                /* the source knows that work stands still */
    struct exit_status exit_status; /* how the source ended; all 0: well */
};

/* The source ended: leaves the loop. `exit_status` NULL: well. */
void agent_end(struct agent *agent, const struct exit_status *exit_status);

/* Tells the worker, once per change, whether work stands still; why is for the log. */
void agent_set_stalled(struct agent *agent, bool is_stalled, const char *why);

/* The silence after which who reports the work is lost: as it was given, or for 0 three intervals of a second or more.
 */
ms_t agent_feed_timeout(const struct agent *agent, ms_t given);

#endif
