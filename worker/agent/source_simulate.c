#include "log.h"
#include "simulate.h"
#include "source.h"

#define STEP 1000 /* ms */

struct simulate_source {
    struct agent *agent;
    struct loop_timer *timer;
    struct simulate simulate;
};

static void report(struct simulate_source *source)
{
    auto_clear(buf) json = BUF_INIT;
    struct json_write w = json_write_to(&json);
    struct errbuf e = { 0 };
    simulate_write(&source->simulate, &w);
    if (skep_worker_merge(source->agent->worker, buf_str(&json), json.len, e.text, sizeof e.text) != SKEP_OK)
        log_at(LOG_ERROR, "the simulated load was refused", "why", e.text, NULL);
    if (source->simulate.advanced)
        skep_worker_progress(source->agent->worker);
}

static void step(void *user)
{
    struct simulate_source *source = user;
    simulate_step(&source->simulate, STEP);
    report(source);
    loop_timer_in(source->timer, STEP);
}

static enum err simulate_prepare(struct agent *agent, struct errbuf *e)
{
    struct simulate_source *source = arena_zalloc(&agent->arena, sizeof *source);
    if (!source || loop_timer_new(agent->loop, step, source, &source->timer) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    source->agent = agent;
    simulate_init(&source->simulate, agent->conf->id);
    agent->source_state = source;
    return OK;
}

static void simulate_start(void *state)
{
    struct simulate_source *source = state;
    report(source);
    loop_timer_in(source->timer, STEP);
}

const struct source source_simulate = {
    .first_status = "loading",
    .prepare = simulate_prepare,
    .start = simulate_start,
};
