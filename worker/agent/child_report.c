#include "child_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "child_verify.h"
#include "child_watch.h"
#include "clock.h"
#include "cpu_meter.h"
#include "log.h"
#include "notify_message.h"
#include "notify_socket.h"
#include "proc.h"
#include "source.h"

#define LOOK_EVERY 5000 /* ms between two looks at the child, at the most */
#define STATUS_SIZE 65

struct child_report {
    struct agent *agent;
    struct notify_socket *socket;
    struct loop_timer *timer;
    struct child_watch watch;
    struct child_verify verify;
    struct cpu_meter meter;
    struct log_limit limit;
    ms_t look_at;             /* whatever the child says in between */
    char status[STATUS_SIZE]; /* that the worker has now */
    bool was_ready, tells_progress;
};

static void judge(void *user)
{
    struct child_report *report = user;
    ms_t now = clock_mono();
    enum child_stall stall = child_watch_judge(&report->watch, now);
    agent_set_stalled(report->agent, stall != CHILD_STALL_NONE, child_stall_sentence(stall));
    loop_timer_in(report->timer, ms_min(report->look_at - now, child_watch_patience(&report->watch, now)));
}

static void read_usage(struct child_report *report)
{
    struct skep_worker *worker = report->agent->worker;
    struct proc_usage usage;
    if (proc_read_usage(report->agent->pid, &usage) != OK)
        return; /* it is ending: its exit is on the way */
    child_watch_observe(&report->watch, usage.process.state, usage.process.cpu_ticks);
    skep_worker_set_metric(worker, "cpu",
                           cpu_meter_read(&report->meter, clock_mono(), usage.cpu_ticks, sysconf(_SC_CLK_TCK)));
    skep_worker_set_metric(worker, "rss_bytes", (double)usage.rss_bytes);
}

/* What the child said while this process stood still is heard before it is judged: datagrams wait in the socket. */
static void look(void *user)
{
    struct child_report *report = user;
    notify_socket_drain(report->socket);
    read_usage(report);
    report->look_at = clock_mono() + LOOK_EVERY;
    judge(report);
}

static void set_status(struct child_report *report, struct text status)
{
    if (status.len == 0 || status.len >= STATUS_SIZE)
        return;
    memcpy(report->status, status.at, status.len);
    report->status[status.len] = 0;
    skep_worker_set_status(report->agent->worker, report->status);
}

static void set_field(struct child_report *report, const struct notify_field *field)
{
    struct buf json = BUF_INIT;
    struct errbuf e = { 0 };
    enum err err = notify_field_json(field, &json, &e);
    if (err == OK &&
        skep_worker_merge(report->agent->worker, buf_str(&json), json.len, e.text, sizeof e.text) != SKEP_OK)
        err = ERR_REFUSED;
    if (err != OK)
        (void)log_limited(&report->limit, LOG_WARNING, "notification ignored", "why", e.text, NULL);
    else if (text_is(field->name, "STATUS"))
        set_status(report, field->value);
    buf_clear(&json);
}

static void set_status_text(struct child_report *report, struct text status)
{
    char text[NOTIFY_STATUS_MAX + 1];
    text_to_printable(status, text, sizeof text);
    skep_worker_set_label(report->agent->worker, "status_text", text[0] ? text : NULL);
}

static void apply(struct child_report *report, const struct notify_message *message)
{
    const char *status = notify_status(report->status, report->was_ready, message);
    if (message->status.at)
        set_status_text(report, message->status);
    if (message->watchdog_limit != MS_NEVER)
        child_watch_limit(&report->watch, clock_mono(), message->watchdog_limit);
    if (message->watchdog) {
        report->tells_progress = true;
        child_watch_feed(&report->watch, clock_mono());
        skep_worker_progress(report->agent->worker);
    }
    if (status)
        set_status(report, text_of(status));
    for (size_t i = 0; i < message->field_count; i++)
        set_field(report, &message->fields[i]);
    report->was_ready = report->was_ready || message->ready || message->watchdog;
}

static void received(void *user, struct text datagram)
{
    struct child_report *report = user;
    struct notify_message message;
    struct errbuf e = { 0 };
    if (notify_message_parse(datagram, &message, &e) == OK)
        apply(report, &message);
    else
        (void)log_limited(&report->limit, LOG_WARNING, "notification ignored", "why", e.text, NULL);
}

enum err child_report_new(struct agent *agent, struct child_report **ret, struct errbuf *e)
{
    static const struct notify_socket_events events = { .received = received, .drained = judge };
    struct child_report *report = calloc(1, sizeof *report);
    enum err err;
    if (!report)
        return err_set(e, ERR_NOMEM, "out of memory");
    report->agent = agent;
    child_watch_init(&report->watch);
    err = loop_timer_new(agent->loop, look, report, &report->timer);
    if (err == OK)
        err = notify_socket_new(agent->loop, &events, report, &report->socket, e);
    else
        err_set(e, err, "cannot make a timer");
    if (err != OK) {
        child_report_free(report);
        return err;
    }
    *ret = report;
    return OK;
}

void child_report_free(struct child_report *report)
{
    if (!report)
        return;
    notify_socket_free(report->socket);
    loop_timer_free(report->timer);
    free(report);
}

const char *child_report_socket(const struct child_report *report)
{
    return notify_socket_path(report->socket);
}

void child_report_start(struct child_report *report)
{
    snprintf(report->status, sizeof report->status, "%s", report->agent->source->first_status);
    look(report);
}

static enum skep_work work_of(enum child_work work)
{
    switch (work) {
    case CHILD_WORK_STALLED:
        return SKEP_WORK_STALLED;
    case CHILD_WORK_LATER:
        return SKEP_WORK_LATER;
    default:
        return SKEP_WORK_UNKNOWN;
    }
}

/* A first look as every 5 s lets a heartbeat tell what has changed before the answer is given. A child that cannot be
 * looked at is ending: its exit is on the way. */
enum skep_work child_report_verify(struct child_report *report, bool is_first, uint32_t left_ms)
{
    struct proc_stat stat;
    if (is_first) {
        report->verify = (struct child_verify){ 0 };
        look(report);
    }
    if (proc_read_stat(report->agent->pid, &stat) != OK)
        return SKEP_WORK_LATER;
    return work_of(child_verify_look(&report->verify, stat.state, report->tells_progress, left_ms));
}
