#include "driver.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>

#include "clock.h"

#define SLEEP_MAX 60000 /* ms; poll takes an int */

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

static void step(struct driver *driver, struct input input)
{
    input.now = clock_mono();
    input.wall = clock_wall();
    worker_step(driver->worker, &input, &driver->outbox);
}

static void take(struct driver *driver, struct worker_input input)
{
    input.now = clock_mono();
    input.wall = clock_wall();
    worker_take(driver->worker, &input, &driver->outbox);
}

static void on_up(void *user)
{
    struct driver *driver = user;

    step(driver, (struct input){ .kind = INPUT_LINK_UP });
    driver_log(driver, SKEP_LOG_INFO, "connected to the broker (connection %u)",
               (unsigned)worker_connection(driver->worker));
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

static const struct link_events link_events = {
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

    worker_look(driver->worker, &view);
    mailbox_show(driver->box, &view);
    atomic_store(&driver->online, view.online);
}

enum err driver_init(struct driver *driver, struct mailbox *box, struct worker *worker,
                     const struct link_options *options)
{
    *driver = (struct driver){ .box = box, .worker = worker, .code = 1 };
    driver->link = link_new(options, &link_events, driver);
    if (!driver->link)
        return ERR_NOMEM;
    outbox_init(&driver->outbox);
    show(driver);
    return OK;
}

void driver_clear(struct driver *driver)
{
    link_free(driver->link);
    outbox_clear(&driver->outbox);
}

static void carry_out_one(struct driver *driver, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        link_connect(driver->link, &effect->publish, clock_mono());
        break;
    case EFFECT_DISCONNECT:
        link_disconnect(driver->link);
        break;
    case EFFECT_SUBSCRIBE:
        link_subscribe(driver->link, &effect->subscribe);
        break;
    case EFFECT_UNSUBSCRIBE:
        link_unsubscribe(driver->link, effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        link_publish(driver->link, &effect->publish);
        break;
    case EFFECT_RECONNECT: /* those that find out first who holds their id */
    case EFFECT_HTTP_GET:  /* a worker asks nobody */
        break;
    case EFFECT_NOTICE:
        driver_log(driver, SKEP_LOG_WARNING, "%s", effect->text.at);
        break;
    case EFFECT_EXIT:
        driver->code = effect->code;
        break;
    }
}

/* Without memory the link no longer matches the core: end it, so that both start anew. */
static void carry_out(struct driver *driver)
{
    bool failed = driver->outbox.failed;

    for (const struct effect *effect = driver->outbox.first; effect && !failed; effect = effect->next)
        carry_out_one(driver, effect);
    outbox_reset(&driver->outbox);
    if (failed) {
        driver_log(driver, SKEP_LOG_ERROR, "out of memory: reconnecting");
        link_drop(driver->link);
        step(driver, (struct input){ .kind = INPUT_LINK_DOWN, .why = "out of memory" });
        outbox_reset(&driver->outbox);
    }
}

static void take_mail(struct driver *driver)
{
    struct mail *mail = &driver->mail;

    mailbox_take(driver->box, mail);
    if (mail->changed)
        take(driver, (struct worker_input){ .kind = WORKER_FACTS, .facts = &mail->facts });
    if (mail->beat)
        take(driver, (struct worker_input){ .kind = WORKER_BEAT });
    if (mail->found) /* behind the beat, so that the asker has heard what the beat says */
        take(driver, (struct worker_input){ .kind = WORKER_FOUND, .found = { mail->work, mail->upto } });
    if (mail->leave)
        take(driver, (struct worker_input){ .kind = WORKER_LEAVE,
                                            .leave = { mail->crashed ? &mail->exit : NULL, mail->within } });
}

static void sleep_until_due(struct driver *driver)
{
    struct pollfd fds[2] = { { .fd = driver->box->wake_fd, .events = POLLIN } };
    ms_t due = ms_min(worker_deadline(driver->worker), link_deadline(driver->link));
    ms_t now = clock_mono();

    fds[1].fd = link_poll_fd(driver->link, &fds[1].events);
    poll(fds, 2, (int)(due <= now ? 0 : ms_min(due - now, SLEEP_MAX)));
}

static void turn(struct driver *driver)
{
    take_mail(driver);
    link_turn(driver->link, clock_mono());
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
