#include "driver.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "clock.h"

#define NOTICES_BURST 10
#define SLEEP_MAX 60000         /* ms; poll takes an int */
#define REPLIES_BYTES_MAX 65536 /* while the broker has not taken more than that, replies are left out */
#define DISCONNECT_TRIES 10
#define DISCONNECT_TRY_MS 20

static void driver_log(struct driver *driver, enum skep_log_level level, const char *format, ...) PRINTF_LIKE(3, 4);

static void driver_log(struct driver *driver, enum skep_log_level level, const char *format, ...)
{
    char line[512];
    va_list args;
    if (!driver->log)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    driver->log(driver->log_user, level, line);
}

/* A message of somebody else may be the reason: at most so many at once, then one a second. */
static void notice(struct driver *driver, const char *text)
{
    if (!bucket_take(&driver->notices, (struct bucket_size){ NOTICES_BURST, 1 }, clock_mono())) {
        driver->not_shown++;
        return;
    }
    if (driver->not_shown > 0)
        driver_log(driver, SKEP_LOG_WARNING, "%s (%u before it are not shown)", text, driver->not_shown);
    else
        driver_log(driver, SKEP_LOG_WARNING, "%s", text);
    driver->not_shown = 0;
}

static void step(struct driver *driver, struct input input)
{
    input.now = clock_mono();
    input.wall = clock_wall();
    worker_step(driver->worker, &input, &driver->outbox);
}

static void on_up(void *user, const char *broker, const struct link_facts *facts)
{
    struct driver *driver = user;
    struct worker_view view;
    step(driver, (struct input){ .kind = INPUT_LINK_UP, .facts = facts });
    worker_view_fill(driver->worker, &view);
    driver_log(driver, SKEP_LOG_INFO, "connected to the broker %s (connection %u)", broker, (unsigned)view.connection);
}

static void on_failed(void *user, const char *why)
{
    step(user, (struct input){ .kind = INPUT_LINK_FAILED, .why = why });
}

static void on_down(void *user, const char *why)
{
    step(user, (struct input){ .kind = INPUT_LINK_DOWN, .why = why });
}

static void on_message(void *user, const struct message *message)
{
    step(user, (struct input){ .kind = INPUT_MESSAGE, .message = message });
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    step(user, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    step(user, (struct input){ .kind = INPUT_SUBSCRIBED, .token = token, .reason = reason });
}

/* Of the latest EFFECT_CONNECT, whichever address is tried. */
static bool on_will(void *user, struct publish *ret)
{
    const struct driver *driver = user;
    *ret = driver->kept.first->publish;
    return true;
}

static const struct mqtt_events events = {
    .will = on_will,
    .up = on_up,
    .failed = on_failed,
    .down = on_down,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
};

static void show(struct driver *driver)
{
    struct worker_view view;
    worker_view_fill(driver->worker, &view);
    mailbox_show(driver->box, &view);
    atomic_store(&driver->online, view.online);
}

enum err driver_init(struct driver *driver, struct mailbox *box, struct worker *worker,
                     const struct mqtt_options *options, struct errbuf *e)
{
    enum err err;
    *driver = (struct driver){ .box = box, .worker = worker, .code = 1 };
    if ((err = mqtt_client_new(options, &events, driver, &driver->client, e)) != OK)
        return err;
    show(driver);
    return OK;
}

void driver_clear(struct driver *driver)
{
    mqtt_client_free(driver->client);
    outbox_clear(&driver->outbox);
    outbox_clear(&driver->kept);
}

static void connect_with(struct driver *driver, const struct publish *will)
{
    mqtt_client_close(driver->client);
    outbox_reset(&driver->kept);
    outbox_connect(&driver->kept, will);
    if (driver->kept.failed)
        step(driver, (struct input){ .kind = INPUT_LINK_FAILED, .why = "out of memory" });
    else
        mqtt_client_connect(driver->client);
}

/* DISCONNECT is written at once unless the socket is full. */
static void disconnect(struct driver *driver)
{
    struct pollfd fd;
    mqtt_client_stop(driver->client, NULL);
    for (int i = 0; i < DISCONNECT_TRIES && !mqtt_client_is_stopped(driver->client); i++) {
        fd.fd = mqtt_client_fd(driver->client, &fd.events);
        poll(&fd, 1, fd.fd < 0 ? 0 : DISCONNECT_TRY_MS);
        mqtt_client_turn(driver->client, clock_mono());
    }
    mqtt_client_close(driver->client);
}

/* What cannot be sent is sent again by the next connection. */
static void check_sent(struct driver *driver, enum err err)
{
    struct errbuf why = { 0 };
    if (err == OK || err == ERR_UNREACHABLE)
        return;
    (void)err_set(&why, err, "cannot send: %s", err_name(err));
    mqtt_client_drop(driver->client, why.text);
}

/* What can be sent on no link is not sent again. The core is not in a step, and what it wants to be done about it comes
 * behind the effects that are carried out now. */
static void publish(struct driver *driver, const struct publish *publish)
{
    enum err err;
    uint8_t reason;
    if (publish_is_reply(publish) && mqtt_client_awaited(driver->client) > REPLIES_BYTES_MAX)
        return;
    err = mqtt_client_publish(driver->client, publish);
    reason = mqtt_client_unsendable(err);
    if (reason)
        on_acked(driver, publish->token, reason);
    else
        check_sent(driver, err);
}

static void carry_out_one(struct driver *driver, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        connect_with(driver, &effect->publish);
        break;
    case EFFECT_DISCONNECT:
        disconnect(driver);
        break;
    case EFFECT_SUBSCRIBE:
        check_sent(driver, mqtt_client_subscribe(driver->client, &effect->subscribe));
        break;
    case EFFECT_UNSUBSCRIBE:
        check_sent(driver, mqtt_client_unsubscribe(driver->client, effect->subscribe.filter));
        break;
    case EFFECT_PUBLISH:
        publish(driver, &effect->publish);
        break;
    case EFFECT_RECONNECT: /* those that find out first who holds their id */
    case EFFECT_HTTP_GET:  /* a worker asks nobody */
        break;
    case EFFECT_NOTICE:
        notice(driver, effect->text.at);
        break;
    case EFFECT_EXIT:
        driver->code = effect->code;
        break;
    }
}

/* Without memory the link no longer matches the core: end it, so that both start anew. */
static void carry_out(struct driver *driver)
{
    bool failed;
    for (const struct effect *effect = driver->outbox.first; effect && !driver->outbox.failed; effect = effect->next)
        carry_out_one(driver, effect);
    failed = driver->outbox.failed;
    outbox_reset(&driver->outbox);
    if (failed) {
        driver_log(driver, SKEP_LOG_ERROR, "out of memory: reconnecting");
        mqtt_client_close(driver->client);
        step(driver, (struct input){ .kind = INPUT_LINK_DOWN, .why = "out of memory" });
        outbox_reset(&driver->outbox);
    }
}

static void take_mail(struct driver *driver)
{
    struct worker_input mail;
    mailbox_take(driver->box, &mail, &driver->facts);
    mail.now = clock_mono();
    mail.wall = clock_wall();
    worker_take(driver->worker, &mail, &driver->outbox);
}

static void sleep_until_due(struct driver *driver)
{
    struct pollfd fds[2] = { { .fd = driver->box->wake_fd, .events = POLLIN } };
    ms_t due = ms_min(worker_deadline(driver->worker), mqtt_client_deadline(driver->client));
    ms_t now = clock_mono();
    fds[1].fd = mqtt_client_fd(driver->client, &fds[1].events);
    poll(fds, 2, (int)(due <= now ? 0 : ms_min(due - now, SLEEP_MAX)));
}

static void turn(struct driver *driver)
{
    take_mail(driver);
    mqtt_client_turn(driver->client, clock_mono());
    step(driver, (struct input){ .kind = INPUT_TICK });
    show(driver); /* first: who learns of something by a message finds it here too */
    carry_out(driver);
}

void driver_run(struct driver *driver)
{
    turn(driver);
    while (!worker_has_ended(driver->worker)) {
        sleep_until_due(driver);
        turn(driver);
    }
}
