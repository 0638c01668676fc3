#include "agent_verify.h"

#include <stdlib.h>

#include "child_verify.h"
#include "source.h"

struct agent_verify {
    struct agent *agent;
    struct loop_fd *watch;
    struct loop_timer *timer;
    bool is_asked; /* the source has said: later */
};

static enum skep_work ask_source(void *user, uint32_t left_ms)
{
    struct agent_verify *verify = user;
    const struct agent *agent = verify->agent;
    return agent->source->verify(agent->source_state, !verify->is_asked, left_ms);
}

static void serve(void *user)
{
    struct agent_verify *verify = user;
    verify->is_asked = skep_worker_serve(verify->agent->worker);
    loop_timer_in(verify->timer, verify->is_asked ? CHILD_VERIFY_EVERY : MS_NEVER);
}

static void readable(void *user, int events)
{
    (void)events;
    serve(user);
}

enum err agent_verify_new(struct agent *agent, struct agent_verify **ret, struct errbuf *e)
{
    struct agent_verify *verify = calloc(1, sizeof *verify);
    enum err err;
    if (!verify)
        return err_set(e, ERR_NOMEM, "out of memory");
    verify->agent = agent;
    err = loop_timer_new(agent->loop, serve, verify, &verify->timer);
    if (err == OK)
        err = loop_fd_new(agent->loop, skep_worker_serve_fd(agent->worker), readable, verify, &verify->watch);
    if (err != OK) {
        agent_verify_free(verify);
        return err_set(e, err, "cannot wait for verifications");
    }
    loop_fd_want(verify->watch, LOOP_READABLE);
    if (agent->source->verify)
        skep_worker_on_verify(agent->worker, ask_source, verify);
    *ret = verify;
    return OK;
}

void agent_verify_free(struct agent_verify *verify)
{
    if (!verify)
        return;
    loop_fd_free(verify->watch);
    loop_timer_free(verify->timer);
    free(verify);
}
