#include "agent_run.h"

#include <signal.h>
#include <stdio.h>

#include "child.h"
#include "child_exec.h"
#include "child_verify.h"
#include "feed.h"
#include "health_page.h"
#include "httpd.h"
#include "inherited.h"
#include "log_loop.h"
#include "log_relay.h"
#include "name.h"
#include "notify.h"
#include "service_signals.h"
#include "signal_relay.h"
#include "source.h"
#include "start_gate.h"

#define GOODBYE_MS 1000 /* how long the broker may take to acknowledge it */

static const struct source *source_of(const struct agent_conf *conf)
{
    if (conf->exec)
        return &source_exec;
    if (conf->attach_pid || conf->attach_unit)
        return &source_attach;
    if (conf->read_stdin)
        return &source_stdin;
    return conf->simulate ? &source_simulate : &source_feed;
}

static void on_stop(void *user)
{
    struct agent *agent = user;
    log_at(LOG_INFO, "stop requested", NULL);
    feed_stop(agent->feed);
    if (agent->source->stop)
        agent->source->stop(agent->source_state);
    else
        agent_end(agent, NULL);
}

static void on_reload(void *user)
{
    struct agent *agent = user;
    if (agent->source->reload)
        agent->source->reload(agent->source_state);
}

static void on_signal(void *user, int number, bool is_sent)
{
    struct agent *agent = user;
    if (agent->source_state && agent->source->signal)
        agent->source->signal(agent->source_state, number, is_sent);
}

static enum err make(struct agent *agent, struct errbuf *e)
{
    enum err err;
    if ((err = loop_new(&agent->loop, e)) != OK)
        return err;
    if (log_attach(agent->loop) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (service_signals(agent->loop, on_stop, inherited_ignores(SIGHUP) ? NULL : on_reload, agent) != OK)
        return err_set(e, ERR_IO, "cannot handle signals");
    if ((err = signal_relay_new(agent->loop, on_signal, agent, &agent->signals, e)) != OK ||
        (err = log_relay_new(agent->loop, &agent->relay, e)) != OK ||
        (agent->conf->feed && (err = feed_new(agent, &agent->feed, e)) != OK))
        return err;
    return agent->conf->settings.http ? health_page_open(agent, e) : OK;
}

static enum err open_worker(struct agent *agent, struct errbuf *e)
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
    options.endpoint = agent->page ? agent->url : NULL;
    options.status = agent->source->first_status;
    options.session = conf->session;
    options.interval_ms = (uint32_t)conf->settings.interval;
    options.keep_alive_s = (uint32_t)(conf->settings.keep_alive / 1000);
    options.retain_s = (uint32_t)(conf->settings.retain / 1000);
    options.reconnect_max_ms = (uint32_t)conf->settings.reconnect_max;
    options.pid = agent->pid;
    options.log = log_relay_write;
    options.user = agent->relay;
    return skep_worker_open(&options, &agent->worker, e->text, sizeof e->text) == SKEP_OK ? OK : ERR_IO;
}

static void close_worker(struct agent *agent)
{
    struct skep_worker_exit crash = {
        .code = agent->exit_status.is_unknown ? -1 : exit_status_code(&agent->exit_status),
        .signal = SIGNAL_NAME(agent->exit_status.signal),
        .oom = agent->exit_status.oom,
    };
    if (skep_worker_close(agent->worker, exit_status_is_crash(&agent->exit_status) ? &crash : NULL, GOODBYE_MS) !=
        SKEP_OK)
        log_at(LOG_WARNING, "the broker did not acknowledge the goodbye", NULL);
    agent->worker = NULL;
}

static enum skep_work verify_source(void *user, uint32_t left_ms)
{
    const struct agent *agent = user;
    return agent->source->verify(agent->source_state, !agent->verify_waits, left_ms);
}

static void serve(void *user)
{
    struct agent *agent = user;
    agent->verify_waits = skep_worker_serve(agent->worker);
    loop_timer_in(agent->verify_timer, agent->verify_waits ? CHILD_VERIFY_EVERY : MS_NEVER);
}

static void readable(void *user, int events)
{
    (void)events;
    serve(user);
}

static enum err watch_verifications(struct agent *agent, struct errbuf *e)
{
    enum err err;
    if ((err = loop_timer_new(agent->loop, serve, agent, &agent->verify_timer)) != OK ||
        (err = loop_fd_new(agent->loop, skep_worker_serve_fd(agent->worker), readable, agent, &agent->verify_watch)) !=
            OK)
        return err_set(e, err, "cannot wait for verifications");
    loop_fd_want(agent->verify_watch, LOOP_READABLE);
    if (agent->source->verify)
        skep_worker_on_verify(agent->worker, verify_source, agent);
    return OK;
}

/* 125 with --exec, so that the agent's own failure is told apart from its child's, and what child_new says of the
 * command; else 1. */
static int failure_code(const struct agent_conf *conf, enum err err)
{
    if (!conf->exec)
        return EXIT_FAILED;
    return err == ERR_NOT_FOUND ? AGENT_NOT_FOUND : err == ERR_REFUSED ? AGENT_CANNOT_EXECUTE : AGENT_FAILED;
}

static enum err live(struct agent *agent, struct errbuf *e)
{
    enum err err;
    if ((err = make(agent, e)) != OK || (err = agent->source->prepare(agent, e)) != OK ||
        (err = open_worker(agent, e)) != OK || (err = watch_verifications(agent, e)) != OK)
        return err;
    agent->source->start(agent->source_state);
    feed_start(agent->feed);
    notify_send("READY=1");
    loop_run(agent->loop, NULL, NULL);
    notify_send("STOPPING=1");
    return OK;
}

/* What was made, the other way round: the relay outlives the library's thread. Timers end with the loop. */
static void unmake(struct agent *agent)
{
    loop_fd_free(agent->verify_watch);
    if (agent->worker)
        close_worker(agent);
    if (agent->source_state && agent->source->clear)
        agent->source->clear(agent->source_state);
    feed_free(agent->feed);
    httpd_free(agent->page);
    log_relay_free(agent->relay);
    signal_relay_free(agent->signals);
    log_detach();
    loop_free(agent->loop);
    arena_clear(&agent->arena);
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
    enum err err;
    int code;
    name_log(conf);
    if ((err = live(&agent, &e)) != OK)
        log_at(LOG_ERROR, e.text, NULL);
    unmake(&agent);
    code = err == OK ? exit_status_code(&agent.exit_status) : failure_code(conf, err);
    start_gate_report((struct agent_report){ .never_ran = err != OK && code != AGENT_FAILED,
                                             .oom = err == OK ? (int8_t)agent.exit_status.oom : -1 });
    return err == OK ? child_imitate(&agent.exit_status) : code;
}
