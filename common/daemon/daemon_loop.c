#include "daemon_loop.h"

#include <stdlib.h>

#include "clock.h"
#include "descriptors.h"
#include "entropy.h"
#include "log_loop.h"
#include "notify.h"
#include "problem.h"
#include "service_signals.h"
#include "topic.h"

#define MEMORY_EVERY_MS 1000
#define MEMORY_NEEDED (1024 * 1024) /* a few connections, and what is sent of a long list */

static void woken(void *user)
{
    (void)user; /* before_sleep does the work */
}

static void on_stop(void *user)
{
    struct daemon_loop *loop = user;
    loop->is_stopping = true;
    (void)notify_send("STOPPING=1");
    log_at(LOG_INFO, "stopping", NULL);
    daemon_step(&loop->daemon, (struct input){ .kind = INPUT_STOP });
}

static void on_reload(void *user)
{
    struct daemon_loop *loop = user;
    struct errbuf e = { 0 };
    if (loop->is_stopping || !loop->daemon.ops->reload)
        return;
    notify_reloading();
    if (loop->daemon.ops->reload(loop->daemon.user, &e) == OK)
        log_at(LOG_INFO, "configuration reloaded", NULL);
    else
        log_at(LOG_ERROR, "configuration not reloaded; keeping the old one", "why", e.text, NULL);
    (void)notify_send("READY=1");
}

enum err daemon_loop_init(struct daemon_loop *loop, const struct daemon_ops *ops, void *user, struct errbuf *e)
{
    enum err err;
    *loop = (struct daemon_loop){ 0 };
    daemon_init(&loop->daemon, ops, user);
    entropy_need(&loop->rng.state, sizeof loop->rng.state);
    if ((err = loop_new(&loop->loop, e)) != OK || (err = loop_timer_new(loop->loop, woken, loop, &loop->tick)) != OK)
        return err;
    if ((err = log_attach(loop->loop)) != OK)
        return err;
    return service_signals(loop->loop, on_stop, on_reload, loop);
}

static void fit_descriptors(struct httpd_options *options, unsigned others)
{
    unsigned wanted = options->connections, limit;
    others += HTTPD_OTHER_DESCRIPTORS + options->loopback_spare + HTTPD_LEAVING;
    limit = descriptors_want(others + wanted);
    if (limit >= others + wanted)
        return;
    options->connections = limit > others ? limit - others : 1;
    options->connections_per_peer = (options->connections_per_peer * options->connections + wanted - 1) / wanted;
    log_at(LOG_WARNING, "fewer connections over HTTP than usual, since the limit of descriptors is low", "connections",
           INT_TEXT(options->connections), "descriptors", INT_TEXT(limit), NULL);
}

enum err daemon_loop_listen(struct daemon_loop *loop, const struct httpd_options *options, unsigned descriptors,
                            struct errbuf *e)
{
    struct httpd_options fitting = *options;
    enum err err;
    fit_descriptors(&fitting, descriptors);
    loop->handlers = (struct httpd_handlers){ daemon_http,
                                              http_fail,
                                              daemon_listing_next,
                                              loop->daemon.ops->listing_wait,
                                              loop->daemon.ops->listing_bytes,
                                              loop->daemon.ops->listing_free };
    err = httpd_new(loop->loop, &fitting, &loop->handlers, &loop->daemon, &loop->httpd, e);
    return err == OK ? OK : err_set(e, err, "--http: %s", e->text);
}

enum err daemon_loop_connect(struct daemon_loop *loop, const struct service_conf *conf, const char *address,
                             ms_t keep_alive, ms_t reconnect_max, struct errbuf *e)
{
    char client_id[CLIENT_ID_SIZE];
    struct broker_link_options options = { .broker = conf->login.broker,
                                           .rng = &loop->rng,
                                           .reconnect_max = reconnect_max,
                                           .input = daemon_input,
                                           .left = daemon_left,
                                           .starved = daemon_starved,
                                           .user = &loop->daemon };
    struct mqtt_options client = { .login = conf->login,
                                   .client_id = client_id,
                                   .keep_alive_s = (int)(keep_alive / 1000) };
    struct broker_link *link;
    struct mqtt *mqtt;
    enum err err = broker_link_new(&options, &link);
    if (err != OK)
        return err_set(e, err, "out of memory");
    loop->daemon.link = link;
    client_id_of(conf->root, address, rng_next(&loop->rng), client_id);
    if ((err = mqtt_new(loop->loop, &client, &broker_link_events, link, &mqtt, e)) != OK)
        return err;
    broker_link_attach(link, &mqtt_ops, mqtt);
    return OK;
}

/* Many failures show nowhere: libraries close a connection, or leave out a part of what they are to do. */
static bool has_memory(struct daemon_loop *loop)
{
    void *volatile memory; /* else the compiler takes it for granted */
    if (loop->httpd && httpd_is_starved(loop->httpd))
        return false;
    if (loop->daemon.now - loop->memory_at < MEMORY_EVERY_MS)
        return true;
    loop->memory_at = loop->daemon.now;
    memory = malloc(MEMORY_NEEDED);
    free(memory);
    return memory;
}

/* A sleep costs no CPU time, so one reading a turn is enough, 0.5 us here. */
static void count_turn(struct daemon_loop *loop)
{
    int64_t cpu_us = clock_thread_us();
    histogram_add(&loop->turns, cpu_us - loop->cpu_us);
    loop->cpu_us = cpu_us;
}

static void before_sleep(void *user)
{
    struct daemon_loop *loop = user;
    if (!has_memory(loop))
        daemon_starved(&loop->daemon);
    loop_timer_in(loop->tick, daemon_turn(&loop->daemon));
    if (loop->daemon.has_ended)
        loop_stop(loop->loop);
    count_turn(loop);
}

int daemon_loop_run(struct daemon_loop *loop)
{
    broker_link_start(loop->daemon.link);
    (void)notify_send("READY=1");
    loop->cpu_us = clock_thread_us();
    loop_run(loop->loop, before_sleep, loop);
    return loop->daemon.exit_code;
}

void daemon_loop_clear(struct daemon_loop *loop)
{
    httpd_free(loop->httpd);
    daemon_clear(&loop->daemon);
    loop_timer_free(loop->tick);
    log_detach();
    loop_free(loop->loop);
}
