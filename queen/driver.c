#include "driver_parts.h"

#include <stdio.h>

#include "clock.h"
#include "json.h"
#include "notify.h"
#include "routes.h"

static void read_clocks(struct driver *driver)
{
    driver->now = clock_mono();
    driver->wall = clock_wall();
}

static void step(struct driver *driver, struct queen_input *input)
{
    input->now = driver->now;
    input->wall = driver->wall;
    queen_step(driver->queen, input, &driver->outbox);
    driver_carry_out(driver);
}

static void step_now(struct driver *driver, enum queen_input_kind kind)
{
    read_clocks(driver);
    step(driver, &(struct queen_input){ .kind = kind });
}

static ms_t on_retry_in(void *user, ms_t lived)
{
    struct driver *driver = user;
    if (lived >= 0)
        backoff_lost(&driver->backoff, lived);
    return backoff_next(&driver->backoff, &driver->rng);
}

static bool on_will(void *user, struct mqtt_publish *ret)
{
    struct driver *driver = user;
    driver->will = ret;
    step_now(driver, QUEEN_CONNECTING);
    driver->will = NULL;
    return true;
}

static void on_up(void *user)
{
    struct driver *driver = user;
    log_at(LOG_INFO, "connected to the broker", "broker", driver->conf->common.broker, NULL);
    step_now(driver, QUEEN_LINK_UP);
    driver_pump(driver);
}

static void on_down(void *user, const char *why)
{
    struct driver *driver = user;
    log_at(LOG_WARNING, "lost the broker; trying again", "broker", driver->conf->common.broker, "why", why, NULL);
    send_queue_link_lost(&driver->queue);
    step_now(driver, QUEEN_LINK_DOWN);
}

static void on_failed(void *user, const char *why)
{
    struct driver *driver = user;
    static const char *said; /* once per change of the reason is enough: it tries for ever */
    static char last[128];
    if (said && strncmp(last, why, sizeof last - 1) == 0)
        return;
    snprintf(last, sizeof last, "%s", why);
    said = last;
    log_at(LOG_WARNING, "cannot reach the broker; trying on", "broker", driver->conf->common.broker, "why", why, NULL);
}

static void on_packet(void *user)
{
    step_now(user, QUEEN_PACKET);
}

static void on_message(void *user, const struct mqtt_message *message)
{
    struct queen_input input = { .kind = QUEEN_MESSAGE,
                                 .message = { .topic = message->topic,
                                              .payload = message->payload,
                                              .retain = message->retain,
                                              .has_expiry = message->has_expiry,
                                              .expiry_s = message->expiry_s,
                                              .correlation = message->correlation,
                                              .response_topic = message->response_topic } };
    step(user, &input);
}

static void on_acked(void *user, uint64_t number, uint8_t reason)
{
    struct driver *driver = user;
    uint64_t token = send_queue_acked(&driver->queue, number);
    if (token)
        step(driver, &(struct queen_input){ .kind = QUEEN_ACKED, .token = token, .reason = reason });
    driver_pump(driver);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    step(user, &(struct queen_input){ .kind = QUEEN_SUBSCRIBED, .token = token, .reason = reason });
}

static const struct mqtt_events mqtt_events = {
    .retry_in = on_retry_in,
    .will = on_will,
    .up = on_up,
    .down = on_down,
    .failed = on_failed,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .packet = on_packet,
};

static ms_t on_request(void *user, const struct httpd_request *request, struct httpd_response *ret)
{
    struct driver *driver = user;
    struct http_request in = { .method = request->method,
                               .path = request->path,
                               .query = request->query,
                               .body = request->body,
                               .content_type = request->content_type,
                               .authorization = request->authorization,
                               .since = request->began,
                               .last_call = request->timed_out };
    struct http_response out = { 0 };
    ms_t wait;
    read_clocks(driver);
    wait = queen_http(driver->queen, &in, driver->now, driver->wall, &out, &driver->outbox);
    driver_carry_out(driver);
    if (wait == 0)
        *ret = (struct httpd_response){ out.status, out.content_type, out.allow, out.authenticate, out.body };
    return wait;
}

static void on_fault(void *user, int status, const char *sentence, struct httpd_response *ret)
{
    struct http_response out = { 0 };
    (void)user;
    http_fault(status, sentence, &out);
    *ret = (struct httpd_response){ out.status, out.content_type, out.allow, out.authenticate, out.body };
}

static void woken(void *user)
{
    (void)user; /* before_sleep does the work */
}

/* Reads what lies in the socket before it ticks: a heartbeat that has arrived wins over the limit that it would miss.
 */
static void before_sleep(void *user)
{
    struct driver *driver = user;
    read_clocks(driver);
    if (queen_deadline(driver->queen) <= driver->now) {
        if (mqtt_drain(driver->mqtt))
            step_now(driver, QUEEN_TICK);
        read_clocks(driver);
    }
    loop_timer_in(driver->tick, ms_max(queen_deadline(driver->queen) - driver->now, 0));
}

static void on_stop(void *user)
{
    struct driver *driver = user;
    (void)notify_send("STOPPING=1");
    log_at(LOG_INFO, "leaving", NULL);
    step_now(driver, QUEEN_STOP);
}

static void run(struct driver *driver)
{
    char port[16];
    snprintf(port, sizeof port, "%d", httpd_port(driver->httpd));
    log_at(LOG_INFO, "started", "id", driver->conf->id, "http", driver->conf->http, "port", port, NULL);
    mqtt_start(driver->mqtt);
    (void)notify_send("READY=1");
    loop_run(driver->loop, before_sleep, driver);
}

int driver_run(const struct queen_conf *conf)
{
    struct driver driver = { .conf = conf };
    struct errbuf e = { 0 };
    enum err err;
    json_use_arena_allocator();
    outbox_init(&driver.outbox);
    send_queue_init(&driver.queue);
    read_clocks(&driver);
    err = driver_make(&driver, &mqtt_events, on_request, on_fault, &e);
    if (err == OK)
        err = loop_timer_new(driver.loop, woken, &driver, &driver.tick);
    if (err == OK)
        err = service_signals(driver.loop, on_stop, NULL, &driver);
    if (err == OK) {
        run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        driver.exit_code = EXIT_FAILED;
    }
    if (!driver.mqtt || !mqtt_is_blocking(driver.mqtt))
        driver_unmake(&driver);
    return driver.exit_code;
}
