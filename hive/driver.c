#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "hive_driver_parts.h"
#include "hive_routes.h"
#include "host_facts.h"
#include "notify.h"

#define NOTICES_BURST 10
#define NOTICES_EVERY_MS 10000

static void read_clocks(struct hive_driver *driver)
{
    driver->now = clock_mono();
    driver->wall = clock_wall();
}

static void log_notice(struct hive_driver *driver, struct text notice)
{
    unsigned skipped;
    char count[16];
    if (!log_allowed(&driver->notices, NOTICES_BURST, NOTICES_EVERY_MS, &skipped))
        return;
    snprintf(count, sizeof count, "%u", skipped);
    log_at(LOG_WARNING, notice.at, "not_shown", skipped ? count : NULL, NULL);
}

static void end(struct hive_driver *driver, int code, const char *why)
{
    if (why[0])
        log_at(LOG_ERROR, why, NULL);
    driver->exit_code = code;
    driver->is_ending = true;
    if (driver->has_left)
        loop_stop(driver->loop);
}

static void carry_out(struct hive_driver *driver, const struct effect *effect)
{
    enum err err;
    if (broker_link_carry_out(driver->link, effect, &err))
        driver->outbox.failed |= err != OK;
    else if (effect->kind == EFFECT_NOTICE)
        log_notice(driver, effect->text);
    else if (effect->kind == EFFECT_EXIT)
        end(driver, effect->code, effect->text.at);
}

static void carry_out_effects(struct hive_driver *driver)
{
    for (const struct effect *effect = driver->outbox.first; effect; effect = effect->next)
        carry_out(driver, effect);
    if (driver->outbox.failed) {
        driver->has_left = true;
        end(driver, EXIT_FAILED, "out of memory: decisions could not be published; exiting");
    }
    outbox_reset(&driver->outbox);
}

void hive_driver_take(struct hive_driver *driver, struct hive_input *input)
{
    read_clocks(driver);
    input->now = driver->now;
    input->wall = driver->wall;
    hive_take(driver->hive, input, &driver->outbox);
    carry_out_effects(driver);
}

static void step_with(struct hive_driver *driver, struct input *input)
{
    read_clocks(driver);
    input->now = driver->now;
    input->wall = driver->wall;
    hive_step(driver->hive, input, &driver->outbox);
    carry_out_effects(driver);
}

static void step(struct hive_driver *driver, enum input_kind kind)
{
    step_with(driver, &(struct input){ .kind = kind });
}

/* A heartbeat may follow. */
static void step_with_host(struct hive_driver *driver, enum input_kind kind)
{
    struct hive_host host = host_facts_read();
    hive_set_host(driver->hive, &host);
    step(driver, kind);
}

static void on_connecting(void *user)
{
    step(user, INPUT_CONNECTING);
}

static void on_up(void *user)
{
    step_with_host(user, INPUT_LINK_UP);
}

static void on_down(void *user)
{
    step(user, INPUT_LINK_DOWN);
}

static void on_failed(void *user)
{
    step(user, INPUT_LINK_FAILED);
}

static void on_message(void *user, const struct message *message)
{
    step_with(user, &(struct input){ .kind = INPUT_MESSAGE, .message = message });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    step_with(user, &(struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    step_with(user, &(struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

static void on_left(void *user)
{
    struct hive_driver *driver = user;
    driver->has_left = true;
    if (driver->is_ending)
        loop_stop(driver->loop);
}

static const struct broker_link_events link_events = {
    .connecting = on_connecting,
    .up = on_up,
    .down = on_down,
    .failed = on_failed,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .left = on_left,
};

static ms_t on_request(void *user, const struct http_request *request, struct http_response *ret)
{
    struct hive_driver *driver = user;
    read_clocks(driver);
    hive_http(driver->hive, request, driver->now, driver->wall, ret);
    return 0;
}

static void on_fault(void *user, int status, const char *sentence, struct http_response *ret)
{
    (void)user;
    http_fail(ret, status, NULL, sentence);
}

static const struct httpd_handlers http_handlers = { .request = on_request, .fault = on_fault };

static void woken(void *user)
{
    (void)user; /* before_sleep does the work */
}

static void before_sleep(void *user)
{
    struct hive_driver *driver = user;
    ms_t due;
    read_clocks(driver);
    if (hive_deadline(driver->hive) <= driver->now)
        step_with_host(driver, INPUT_TICK);
    due = hive_driver_carry_out_orders(driver) ? hive_deadline(driver->hive) : driver->now;
    loop_timer_in(driver->tick, due == MS_NEVER ? MS_NEVER : ms_max(due - driver->now, 0));
}

static void on_stop(void *user)
{
    (void)notify_send("STOPPING=1");
    log_at(LOG_INFO, "stopping the workers", NULL);
    step(user, INPUT_STOP);
}

static enum err reread(const struct hive_driver *driver, struct hive_conf *fresh, struct errbuf *e)
{
    enum err err = hive_conf_init(fresh);
    if (err == OK)
        err = service_reread(&hive_service, driver->argc, driver->argv, fresh, &fresh->arena, hive_conf_check, e);
    if (err == OK && !hive_conf_same(driver->conf, fresh))
        err = err_set(e, ERR_REFUSED, "%s: [hive] cannot change while the hive runs", driver->conf->common.config);
    return err;
}

/* Reads hive.ini again; NULL when it cannot be used, which has been said. */
static struct hive_conf *read_again(const struct hive_driver *driver)
{
    struct hive_conf *fresh = malloc(sizeof *fresh);
    struct errbuf e = { 0 };
    enum err err = fresh ? reread(driver, fresh, &e) : ERR_NOMEM;
    if (err == OK)
        return fresh;
    log_at(LOG_ERROR, "configuration not reloaded; keeping the old one", "why", e.text[0] ? e.text : err_name(err),
           NULL);
    if (fresh)
        hive_conf_clear(fresh);
    free(fresh);
    return NULL;
}

static void on_reload(void *user)
{
    struct hive_driver *driver = user;
    struct hive_conf *fresh = read_again(driver);
    char count[16];
    if (!fresh)
        return;
    hive_driver_replace_conf(driver, fresh);
    snprintf(count, sizeof count, "%zu", fresh->roster->count);
    log_at(LOG_INFO, "configuration read again", "workers", count, NULL);
    hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_ROSTER, .roster = fresh->roster });
}

static void run(struct hive_driver *driver)
{
    char port[16], count[16];
    snprintf(port, sizeof port, "%d", httpd_port(driver->httpd));
    snprintf(count, sizeof count, "%zu", driver->conf->roster->count);
    if (!driver->conf->state_dir)
        log_at(LOG_WARNING, "without --state-dir the next hive does not know these workers if this one is killed",
               NULL);
    log_at(LOG_INFO, "started", "id", driver->conf->id, "http", driver->conf->http, "port", port, "workers", count,
           NULL);
    hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_ROSTER, .roster = driver->conf->roster });
    broker_link_start(driver->link);
    (void)notify_send("READY=1");
    loop_run(driver->loop, before_sleep, driver);
}

int hive_driver_run(struct hive_conf *conf, int argc, char **argv)
{
    struct hive_driver driver = { .conf = conf, .current = conf, .argc = argc, .argv = argv };
    struct errbuf e = { 0 };
    enum err err;
    outbox_init(&driver.outbox);
    read_clocks(&driver);
    err = hive_driver_make(&driver, &link_events, &http_handlers, &e);
    if (err == OK)
        err = loop_timer_new(driver.loop, woken, &driver, &driver.tick);
    if (err == OK)
        err = service_signals(driver.loop, on_stop, on_reload, &driver);
    if (err == OK)
        err = hive_driver_adopt(&driver, &e);
    if (err == OK) {
        run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        driver.exit_code = err == ERR_CONFLICT ? EXIT_REFUSED : EXIT_FAILED;
    }
    if (!driver.link || !broker_link_is_blocking(driver.link))
        hive_driver_unmake(&driver);
    return driver.exit_code;
}
