#include "health_poll.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api_problem.h"
#include "clock.h"
#include "entropy.h"
#include "fd.h"
#include "fetch.h"
#include "health_mqtt.h"
#include "http_url.h"
#include "output.h"

#define PROGRESS_EVERY 100 /* ms */
#define BODY_MAX (64 * 1024)

struct health_poll {
    const struct health_poll_options *options;
    struct health_outcome *outcome;
    struct health_mqtt mqtt; /* without a client: not over MQTT */
    struct fetch fetch;
    char *url;    /* of the health page; NULL: not over HTTP */
    int child_fd; /* readable when the child has ended; -1 = no child, or no such descriptor: it is looked at */
    struct startup_poll schedule;
    ms_t started_at;
    struct errbuf texts; /* what the paths of the running attempt brought */
};

/* Adds "; PATH: TEXT" to what the attempt's line says. */
static void note(struct health_poll *poll, const char *text)
{
    struct errbuf texts = poll->texts;
    (void)err_set(&poll->texts, OK, "%s%s%s: %s", texts.text, texts.text[0] ? "; " : "", poll->outcome->path, text);
}

static void show_progress(const struct health_poll *poll, ms_t now)
{
    if (poll->options->schedule.attempts > 1)
        output_progress("waiting for %s: attempt %lld of %lld, %.1f s", poll->options->name,
                        (long long)poll->schedule.attempt, (long long)poll->options->schedule.attempts,
                        (double)(now - poll->started_at) / 1000);
}

/* Sleeps until something happens, and lets MQTT go on. False: the child has ended, or it is `until`. */
static bool turn(struct health_poll *health, ms_t until)
{
    struct pollfd fds[] = { { .fd = health->child_fd, .events = POLLIN }, { .fd = -1 } };
    ms_t now = clock_mono(), wake = ms_min(until, now + PROGRESS_EVERY);
    if (health->mqtt.client) {
        fds[1].fd = mqtt_client_fd(health->mqtt.client, &fds[1].events);
        wake = ms_min(wake, mqtt_client_deadline(health->mqtt.client));
    }
    (void)poll(fds, ARRAY_LEN(fds), (int)(ms_max(wake, now) - now));
    if (health->mqtt.client)
        health_mqtt_turn(&health->mqtt);
    if (health->options->child && waitpid(health->options->child, &health->outcome->wait_status, WNOHANG) > 0) {
        health->outcome->kind = HEALTH_DIED;
        return false;
    }
    now = clock_mono();
    show_progress(health, now);
    return now < until;
}

/* Half of the attempt's time is for MQTT where HTTP may follow. ERR_STATE: the child has ended meanwhile. */
static enum err request_mqtt(struct health_poll *poll, struct errbuf *why)
{
    struct health_mqtt *mqtt = &poll->mqtt;
    ms_t until = poll->schedule.until - (poll->url ? poll->options->schedule.attempt_timeout / 2 : 0);
    health_mqtt_request(mqtt, until);
    while (mqtt->result == ERR_STATE && (turn(poll, until) || poll->outcome->kind != HEALTH_DIED))
        continue;
    poll->outcome->answer = mqtt->answer;
    return err_set(why, mqtt->result, "%s", mqtt->why.text);
}

/* Ready and not ready both come with a document; with any other status there is none. */
static enum err request_http(struct health_poll *poll, struct errbuf *why)
{
    struct fetched fetched = { 0 };
    auto_clear(arena) arena = { 0 };
    enum err err;
    err = fetch_request(&poll->fetch, "GET", poll->url, false, ms_max(poll->schedule.until - clock_mono(), 1), &fetched,
                        why);
    if (err != OK)
        return err;
    if (fetched.status != 200 && fetched.status != 503)
        return api_problem_read(&(struct problem_source){ poll->url, poll->url, false }, fetched.status, fetched.body,
                                why);
    return health_answer_parse(&arena, fetched.body, poll->options->target->service_id, &poll->outcome->answer, why);
}

/* A daemon that warns over HTTP, while its requests have no subscriber at a broker that can be reached, is on its way
 * there: worth another attempt, as long as there is one. */
static bool is_on_its_way(const struct health_poll *poll)
{
    return poll->outcome->answer.status == HEALTH_WARN && strcmp(poll->outcome->path, "http") == 0 &&
           poll->mqtt.is_up && poll->schedule.attempt < poll->options->schedule.attempts;
}

/* True: the daemon is ready. */
static bool take(struct health_poll *poll)
{
    const struct health_answer *answer = &poll->outcome->answer;
    char text[160];
    poll->outcome->kind = answer->status != HEALTH_FAIL && !is_on_its_way(poll) ? HEALTH_READY : HEALTH_FAILING;
    if (poll->outcome->kind == HEALTH_READY)
        return true;
    snprintf(text, sizeof text, "%s%s%s", health_status_name(answer->status), answer->description[0] ? ", " : "",
             answer->description);
    note(poll, text);
    return false;
}

/* Another process has the id that the daemon was given, which therefore ends soon: the attempt is over with its time.
 */
static bool is_of_another(struct health_poll *poll)
{
    int64_t pid = poll->outcome->answer.pid;
    char text[96];
    if (!poll->options->pid || pid == poll->options->pid)
        return false;
    snprintf(text, sizeof text, "pid %lld responds, not pid %d", (long long)pid, (int)poll->options->pid);
    note(poll, text);
    poll->outcome->other_pid = pid;
    while (poll->options->child && turn(poll, poll->schedule.until))
        continue;
    return true;
}

/* True: the poll is over, with an outcome. */
static bool attempt(struct health_poll *poll)
{
    const struct {
        bool given;
        const char *path;
        enum err (*request)(struct health_poll *poll, struct errbuf *why);
    } paths[] = { { poll->mqtt.client, "mqtt", request_mqtt }, { poll->url, "http", request_http } };
    poll->texts.text[0] = '\0';
    poll->outcome->other_pid = 0;
    poll->outcome->kind = HEALTH_SILENT;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct errbuf why = { 0 };
        if (!paths[i].given)
            continue;
        poll->outcome->path = paths[i].path;
        if (paths[i].request(poll, &why) != OK)
            note(poll, why.text);
        else if (!is_of_another(poll))
            return take(poll);
        if (poll->outcome->kind == HEALTH_DIED)
            return true;
    }
    return false;
}

/* The time of the first attempt begins when one broker of a list is connected, or none is. False: the child has ended.
 */
static bool walk_list(struct health_poll *poll)
{
    ms_t began = clock_mono();
    while (health_mqtt_is_connecting(&poll->mqtt) && strchr(poll->options->mqtt.login.broker, ','))
        if (!turn(poll, MS_NEVER))
            return false;
    poll->schedule.until += clock_mono() - began;
    return true;
}

static void report_attempt(const struct health_poll *poll, ms_t delay)
{
    char next[DURATION_SIZE + 16] = "";
    if (poll->options->schedule.attempts == 1) {
        output_note("%s", poll->texts.text);
        return;
    }
    if (delay != MS_NEVER)
        snprintf(next, sizeof next, " (next in %lld ms)", (long long)delay);
    output_note("attempt %lld of %lld: %s%s", (long long)poll->schedule.attempt,
                (long long)poll->options->schedule.attempts, poll->texts.text, next);
}

static void run(struct health_poll *poll)
{
    ms_t delay = 0;
    while (delay != MS_NEVER) {
        while (!startup_poll_begin(&poll->schedule, clock_mono()))
            if (!turn(poll, poll->schedule.next_at) && poll->outcome->kind == HEALTH_DIED)
                return;
        show_progress(poll, clock_mono());
        if (!walk_list(poll) || attempt(poll))
            return;
        delay = startup_poll_failed(&poll->schedule, clock_mono());
        report_attempt(poll, delay);
    }
}

static enum err set_up(struct health_poll *poll, struct errbuf *e)
{
    const struct health_poll_options *options = poll->options;
    enum err err = OK;
    uint64_t seed;
    entropy_need(&seed, sizeof seed);
    startup_poll_init(&poll->schedule, &options->schedule, seed, poll->started_at);
    if (options->child)
        poll->child_fd = pidfd_open(options->child, 0);
    if (options->mqtt.login.broker)
        err = health_mqtt_init(&poll->mqtt, &options->mqtt, options->root, options->target, e);
    if (err != OK || !options->http_url)
        return err;
    if ((err = http_url_read(options->http_url, "/health", &poll->url, e)) != OK)
        return err;
    return fetch_init(&poll->fetch, NULL, BODY_MAX, e);
}

enum err health_poll_run(const struct health_poll_options *options, struct health_outcome *ret, struct errbuf *e)
{
    struct health_poll poll = { .options = options, .outcome = ret, .child_fd = -1, .started_at = clock_mono() };
    enum err err;
    *ret = (struct health_outcome){ .kind = HEALTH_SILENT };
    if ((err = set_up(&poll, e)) == OK)
        run(&poll);
    ret->attempt = poll.schedule.attempt;
    ret->elapsed = clock_mono() - poll.started_at;
    output_progress(NULL);
    health_mqtt_clear(&poll.mqtt);
    fetch_clear(&poll.fetch);
    free(poll.url);
    fd_close(poll.child_fd);
    return err;
}
