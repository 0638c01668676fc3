#include "driver_parts.h"

#include <stdio.h>

#define NOTICES_BURST 10
#define NOTICES_EVERY_MS 10000

static void log_notice(struct driver *driver, struct text notice)
{
    unsigned skipped;
    char count[16];
    if (!log_allowed(&driver->notices, NOTICES_BURST, NOTICES_EVERY_MS, &skipped))
        return;
    snprintf(count, sizeof count, "%u", skipped);
    log_at(LOG_WARNING, notice.at, "not_shown", skipped ? count : NULL, NULL);
}

static void end(struct driver *driver, int code)
{
    driver->exit_code = code;
    loop_stop(driver->loop);
}

static void tell_event(struct driver *driver, const struct effect *effect)
{
    log_at(LOG_INFO, effect->line.at, NULL);
    if (driver->on_event)
        on_event_add(driver->on_event, effect->text);
}

static enum err ask(struct driver *driver, const struct http_get *get)
{
    return driver->asks ? http_asks_add(driver->asks, get->url, get->token, get->patience) : OK;
}

static void carry_out(struct driver *driver, const struct effect *effect)
{
    enum err err;
    if (broker_link_carry_out(driver->link, effect, &err)) {
        driver->outbox.failed |= err != OK;
    } else if (effect->kind == EFFECT_EVENT) {
        tell_event(driver, effect);
    } else if (effect->kind == EFFECT_NOTICE) {
        log_notice(driver, effect->text);
    } else if (effect->kind == EFFECT_HTTP_GET) {
        driver->outbox.failed |= ask(driver, &effect->http_get) != OK;
    } else if (effect->kind == EFFECT_EXIT) {
        log_at(LOG_ERROR, effect->text.at, NULL);
        end(driver, effect->code);
    }
}

static void wake_waiters(struct driver *driver)
{
    unsigned news = queen_take_news(driver->queen);
    if (news && driver->httpd)
        httpd_wake(driver->httpd, news);
}

static void carry_out_all(struct driver *driver)
{
    for (const struct effect *effect = driver->outbox.first; effect; effect = effect->next)
        carry_out(driver, effect);
    if (driver->outbox.failed) {
        log_at(LOG_ERROR, "out of memory: decisions could not be published; exiting", NULL);
        end(driver, EXIT_FAILED);
    }
    outbox_reset(&driver->outbox);
}

void driver_carry_out(struct driver *driver)
{
    if (driver->outbox.first || driver->outbox.failed)
        carry_out_all(driver);
    wake_waiters(driver); /* also without effects: a verification may have found what was known */
}
