#include "health_poll.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "clock.h"
#include "entropy.h"
#include "health_http.h"
#include "health_mqtt.h"
#include "output.h"

#define PROGRESS_EVERY 100 /* ms */

struct health_poll {
    const struct health_poll_options *options;
    struct health_outcome *outcome;
    struct loop *loop;
    struct loop_timer *timer;
    struct health_mqtt *mqtt; /* NULL: not asked */
    struct health_http *http; /* NULL: not asked */
    struct startup_poll schedule;
    ms_t started_at;
    bool is_over;
    struct errbuf said; /* what the paths of the running attempt said */
};

static void end(struct health_poll *poll, enum health_outcome_kind kind)
{
    poll->is_over = true;
    poll->outcome->kind = kind;
    poll->outcome->attempt = poll->schedule.attempt;
    poll->outcome->elapsed = clock_mono() - poll->started_at;
    loop_stop(poll->loop);
}

/* Adds "; PATH: TEXT" to what the attempt's line says. */
static void note(struct health_poll *poll, const char *path, const char *text)
{
    struct errbuf said = poll->said;

    (void)err_set(&poll->said, OK, "%s%s%s: %s", said.text, said.text[0] ? "; " : "", path, text);
}

static void say_attempt(const struct health_poll *poll, ms_t delay)
{
    char next[DURATION_SIZE + 16] = "";

    if (poll->schedule.options.attempts == 1) {
        output_note("%s", poll->said.text);
        return;
    }
    if (delay != MS_NEVER)
        snprintf(next, sizeof(next), " (next in %lld ms)", (long long)delay);
    output_note("attempt %lld of %lld: %s%s", (long long)poll->schedule.attempt,
                (long long)poll->schedule.options.attempts, poll->said.text, next);
}

static void attempt_failed(struct health_poll *poll, enum health_outcome_kind kind)
{
    ms_t delay = startup_poll_failed(&poll->schedule, clock_mono());

    say_attempt(poll, delay);
    poll->said.text[0] = '\0';
    if (delay == MS_NEVER)
        end(poll, kind);
}

/* A daemon that warns over HTTP, while no subscriber to its requests at a broker that can be reached, is on its way
 * there: worth another attempt, as long as there is one. */
static bool is_on_its_way(const struct health_poll *poll, const struct health_answer *answer)
{
    return answer->status == HEALTH_WARN && strcmp(poll->outcome->path, "http") == 0 && health_mqtt_is_up(poll->mqtt) &&
           poll->schedule.attempt < poll->schedule.options.attempts;
}

static void take(struct health_poll *poll, const char *path, const struct health_answer *answer)
{
    char text[160];

    poll->outcome->answer = *answer;
    poll->outcome->path = path;
    if (answer->status != HEALTH_FAIL && !is_on_its_way(poll, answer)) {
        end(poll, HEALTH_READY);
        return;
    }
    snprintf(text, sizeof(text), "%s%s%s", health_status_name(answer->status), answer->description[0] ? ", " : "",
             answer->description);
    note(poll, path, text);
    attempt_failed(poll, HEALTH_FAILING);
}

static void on_http(void *user, const struct health_answer *answer, const char *why)
{
    struct health_poll *poll = user;

    if (poll->is_over)
        return;
    if (answer) {
        take(poll, "http", answer);
        return;
    }
    note(poll, "http", why);
    attempt_failed(poll, HEALTH_SILENT);
}

static void ask_http(struct health_poll *poll)
{
    if (poll->http)
        health_http_ask(poll->http, ms_max(poll->schedule.until - clock_mono(), 1));
    else
        attempt_failed(poll, HEALTH_SILENT);
}

static void on_mqtt(void *user, const struct health_answer *answer, const char *why)
{
    struct health_poll *poll = user;

    if (poll->is_over)
        return;
    if (answer) {
        take(poll, "mqtt", answer);
        return;
    }
    note(poll, "mqtt", why);
    ask_http(poll);
}

/* Half of the attempt's time is for MQTT where HTTP may follow. */
static void begin_attempt(struct health_poll *poll, ms_t now)
{
    ms_t half = poll->options->schedule.attempt_timeout / 2;

    if (poll->mqtt)
        health_mqtt_ask(poll->mqtt, poll->http ? now + half : poll->schedule.until);
    else
        ask_http(poll);
}

static bool child_has_ended(struct health_poll *poll)
{
    pid_t child = poll->options->child;

    return child && waitpid(child, &poll->outcome->wait_status, WNOHANG) == child;
}

static void show_progress(const struct health_poll *poll, ms_t now)
{
    if (poll->schedule.options.attempts > 1)
        output_progress("waiting for %s: attempt %lld of %lld, %.1f s", poll->options->name,
                        (long long)poll->schedule.attempt, (long long)poll->schedule.options.attempts,
                        (double)(now - poll->started_at) / 1000);
}

static void before_sleep(void *user)
{
    struct health_poll *poll = user;
    ms_t now = clock_mono();

    if (poll->is_over)
        return;
    if (child_has_ended(poll)) {
        end(poll, HEALTH_DIED);
        return;
    }
    if (startup_poll_begin(&poll->schedule, now))
        begin_attempt(poll, now);
    show_progress(poll, now);
    loop_timer_in(poll->timer, poll->is_over ? 0 : ms_min(PROGRESS_EVERY, ms_max(poll->schedule.next_at - now, 0)));
}

static void woken(void *user)
{
    (void)user; /* before_sleep does the work */
}

static void on_child(void *user, int number)
{
    (void)user, (void)number; /* likewise */
}

static enum err set_up(struct health_poll *poll, struct errbuf *e)
{
    const struct health_poll_options *options = poll->options;
    enum err err = loop_new(&poll->loop, e);

    if (!err)
        err = loop_timer_new(poll->loop, woken, poll, &poll->timer);
    if (!err && options->child)
        err = loop_signal(poll->loop, SIGCHLD, on_child, poll);
    if (!err && options->mqtt.login.broker)
        err =
            health_mqtt_new(poll->loop, &options->mqtt, options->root, options->target, on_mqtt, poll, &poll->mqtt, e);
    if (!err && options->http_url)
        err =
            health_http_new(poll->loop, options->http_url, options->target->service_id, on_http, poll, &poll->http, e);
    return err && e->text[0] == '\0' ? err_set(e, err, "the poll cannot be set up: %s", err_name(err)) : err;
}

/* An HTTP request that runs while the child dies is waited for by loop_free, for as long as its attempt may take. */
static void tear_down(struct health_poll *poll)
{
    health_mqtt_free(poll->mqtt);
    loop_timer_free(poll->timer);
    loop_free(poll->loop);
    health_http_free(poll->http);
}

enum err health_poll_run(const struct health_poll_options *options, struct health_outcome *ret, struct errbuf *e)
{
    struct health_poll poll = { .options = options, .outcome = ret, .started_at = clock_mono() };
    uint64_t seed;
    enum err err = set_up(&poll, e);

    *ret = (struct health_outcome){ 0 };
    if (!err) {
        entropy_need(&seed, sizeof(seed));
        startup_poll_init(&poll.schedule, &options->schedule, seed, poll.started_at);
        loop_run(poll.loop, before_sleep, &poll);
        output_progress(NULL);
    }
    tear_down(&poll);
    return err;
}
