#include "agent_run.h"

#include <stdio.h>

#include "agent_verify.h"
#include "child.h"
#include "child_exec.h"
#include "health_page.h"
#include "log.h"
#include "log_relay.h"
#include "name.h"
#include "notify.h"
#include "source.h"

#define FAREWELL_MS 1000 /* how long the broker may take to acknowledge it */

static const struct source *source_of(const struct agent_conf *conf)
{
    if (conf->exec)
        return &source_exec;
    return conf->read_stdin ? &source_stdin : &source_simulate;
}

static void stop_asked(void *user)
{
    struct agent *agent = user;
    log_at(LOG_INFO, "stop requested", NULL);
    agent->source->stop(agent->source_state);
}

static void reload_asked(void *user)
{
    struct agent *agent = user;
    if (agent->source->reload)
        agent->source->reload(agent->source_state);
}

static enum err open_worker(struct agent *agent, const char *endpoint, struct log_relay *relay, struct errbuf *e)
{
    const struct agent_conf *conf = agent->conf;
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    options.broker = conf->common.login.broker;
    options.root = conf->common.root;
    options.hive = conf->hive;
    options.worker = conf->id;
    options.username = conf->common.login.username;
    options.password_file = conf->common.login.password_file;
    options.cafile = conf->common.login.cafile;
    options.cert = conf->common.login.cert;
    options.key = conf->common.login.key;
    options.version = SKEP_VERSION;
    options.endpoint = endpoint;
    options.status = agent->source->first_status;
    options.session = conf->session;
    options.interval_ms = (uint32_t)conf->interval;
    options.keep_alive_s = (uint32_t)(conf->keep_alive / 1000);
    options.retain_s = (uint32_t)(conf->retain / 1000);
    options.reconnect_max_ms = (uint32_t)conf->reconnect_max;
    options.pid = agent->pid;
    options.log = log_relay_say;
    options.user = relay;
    return skep_worker_open(&options, &agent->worker, e->text, sizeof e->text) == SKEP_OK ? OK : ERR_IO;
}

static void close_worker(struct agent *agent)
{
    char name[SIGNAL_NAME_SIZE];
    struct skep_worker_exit crash = {
        .code = ending_code(&agent->ending),
        .signal = agent->ending.signal ? name : NULL,
        .oom = agent->ending.oom,
    };
    signal_name(agent->ending.signal, name);
    if (skep_worker_close(agent->worker, ending_is_crash(&agent->ending) ? &crash : NULL, FAREWELL_MS) != SKEP_OK)
        log_at(LOG_WARNING, "the broker did not acknowledge the goodbye", NULL);
    agent->worker = NULL;
}

static int fail(const struct agent *agent, const struct errbuf *e)
{
    log_at(LOG_ERROR, e->text, NULL);
    return agent_failure_code(agent);
}

/* While the worker is open. */
static int work(struct agent *agent)
{
    struct agent_verify *verify = NULL;
    struct errbuf e = { 0 };
    int code;
    if (agent_verify_new(agent, &verify, &e) != OK)
        return fail(agent, &e);
    code = agent->source->start(agent->source_state);
    if (code == 0) {
        notify_send("READY=1");
        loop_run(agent->loop, NULL, NULL);
        notify_send("STOPPING=1");
    }
    agent_verify_free(verify);
    return code;
}

/* From the source's first step to the farewell. */
static int live(struct agent *agent, const char *endpoint, struct log_relay *relay)
{
    struct errbuf e = { 0 };
    int code = agent->source->prepare(agent, &agent->source_state);
    if (code != 0)
        return code;
    if (open_worker(agent, endpoint, relay, &e) == OK) {
        code = work(agent);
        close_worker(agent);
    } else {
        code = fail(agent, &e);
    }
    agent->source->free(agent->source_state);
    return code;
}

static int with_health_page(struct agent *agent, struct log_relay *relay)
{
    struct health_page *page = NULL;
    struct errbuf e = { 0 };
    int code;
    if (!agent->conf->http)
        return live(agent, NULL, relay);
    if (health_page_new(agent, &page, &e) != OK)
        return fail(agent, &e);
    code = live(agent, health_page_url(page), relay);
    health_page_free(page);
    return code;
}

static int with_loop(struct agent *agent)
{
    struct log_relay *relay = NULL;
    struct errbuf e = { 0 };
    int code;
    if (service_signals(agent->loop, stop_asked, reload_asked, agent) != OK)
        err_set(&e, ERR_IO, "cannot handle signals");
    else if (log_relay_new(agent->loop, &relay, &e) == OK) {
        code = with_health_page(agent, relay);
        log_relay_free(relay);
        return code;
    }
    return fail(agent, &e);
}

/* Agents of one hive share its log. */
static void name_log(const struct agent_conf *conf)
{
    static char component[sizeof "skep-worker/" + NAME_MAX_LEN];
    snprintf(component, sizeof component, "skep-worker/%s", conf->id);
    log_setup(component, conf->common.log_format, conf->common.log_level);
}

int agent_run(const struct agent_conf *conf, char **command)
{
    struct agent agent = { .conf = conf, .command = command, .source = source_of(conf) };
    struct errbuf e = { 0 };
    int code;
    name_log(conf);
    if (loop_new(&agent.loop, &e) != OK)
        return fail(&agent, &e);
    arena_init(&agent.arena, 0);
    code = with_loop(&agent);
    loop_free(agent.loop);
    arena_clear(&agent.arena);
    return code == 0 ? child_imitate(&agent.ending) : code;
}
