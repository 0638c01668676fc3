#include "driver_parts.h"

#include <stdio.h>

#include "clock.h"
#include "notify.h"
#include "routes.h"

static void read_clocks(struct driver *driver)
{
    driver->now = clock_mono();
    driver->wall = clock_wall();
}

static void step(struct driver *driver, struct input *input)
{
    input->now = driver->now;
    input->wall = driver->wall;
    queen_step(driver->queen, input, &driver->outbox);
    driver_carry_out(driver);
}

static void step_now(struct driver *driver, enum input_kind kind)
{
    read_clocks(driver);
    step(driver, &(struct input){ .kind = kind });
}

static void on_connecting(void *user)
{
    step_now(user, INPUT_CONNECTING);
}

static void on_up(void *user)
{
    step_now(user, INPUT_LINK_UP);
}

static void on_down(void *user)
{
    step_now(user, INPUT_LINK_DOWN);
}

static void on_packet(void *user)
{
    step_now(user, INPUT_PACKET);
}

static void on_message(void *user, const struct message *message)
{
    step(user, &(struct input){ .kind = INPUT_MESSAGE, .message = message });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    step(user, &(struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    step(user, &(struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

static void on_left(void *user)
{
    struct driver *driver = user;
    loop_stop(driver->loop);
}

static const struct broker_link_events link_events = {
    .connecting = on_connecting,
    .up = on_up,
    .down = on_down,
    .packet = on_packet,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
    .left = on_left,
};

static ms_t on_request(void *user, const struct http_request *request, struct http_response *ret)
{
    struct driver *driver = user;
    ms_t wait;
    read_clocks(driver);
    wait = queen_http(driver->queen, request, driver->now, driver->wall, ret, &driver->outbox);
    driver_carry_out(driver);
    return wait;
}

static bool on_next(void *user, struct listing *listing, struct buf *slice)
{
    struct driver *driver = user;
    read_clocks(driver);
    return queen_listing_next(driver->queen, listing, driver->now, driver->wall, slice);
}

static void on_fault(void *user, int status, const char *sentence, struct http_response *ret)
{
    (void)user;
    http_fault(status, sentence, ret);
}

static const struct httpd_handlers http_handlers = { on_request, on_fault, on_next, queen_listing_free };

static void on_answered(void *user, uint64_t token, const struct http_answer *answer)
{
    read_clocks(user);
    step(user, &(struct input){ .kind = INPUT_HTTP_ANSWERED, .token = token, .answer = answer });
}

static enum err make_asks(struct driver *driver)
{
    const struct cidr_list *allowed = &driver->conf->may_ask;
    return allowed->count > 0 ? http_asks_new(driver->loop, allowed, on_answered, driver, &driver->asks) : OK;
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
        if (broker_link_drain(driver->link))
            step_now(driver, INPUT_TICK);
        read_clocks(driver);
    }
    loop_timer_in(driver->tick, ms_max(queen_deadline(driver->queen) - driver->now, 0));
}

static void on_stop(void *user)
{
    struct driver *driver = user;
    (void)notify_send("STOPPING=1");
    log_at(LOG_INFO, "leaving", NULL);
    step_now(driver, INPUT_STOP);
}

static void run(struct driver *driver)
{
    char port[16];
    snprintf(port, sizeof port, "%d", httpd_port(driver->httpd));
    log_at(LOG_INFO, "started", "id", driver->conf->id, "http", driver->conf->http, "port", port, NULL);
    broker_link_start(driver->link);
    (void)notify_send("READY=1");
    loop_run(driver->loop, before_sleep, driver);
}

int driver_run(const struct queen_conf *conf)
{
    struct driver driver = { .conf = conf };
    struct errbuf e = { 0 };
    enum err err;
    outbox_init(&driver.outbox);
    read_clocks(&driver);
    err = driver_make(&driver, &link_events, &http_handlers, &e);
    if (err == OK)
        err = make_asks(&driver);
    if (err == OK)
        err = loop_timer_new(driver.loop, woken, &driver, &driver.tick);
    if (err == OK)
        err = service_signals(driver.loop, on_stop, NULL, &driver);
    if (err == OK) {
        run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        driver.exit_code = err == ERR_ID || err == ERR_FULL ? EXIT_USAGE : EXIT_FAILED; /* the list of --expect */
    }
    if (!driver.link || !broker_link_is_blocking(driver.link))
        driver_unmake(&driver);
    return driver.exit_code;
}
