#include "on_event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utlist.h>

#include "events.h"
#include "fair_queue.h"
#include "fd.h"
#include "log.h"
#include "loop_child.h"

/* One event that waits. */
struct waiting {
    struct fair_item item;
    uint64_t id; /* or the last one of those that it says were lost */
    size_t len;
    char json[];
};

/* One command that runs. */
struct run {
    struct loop_child *child; /* NULL until it is started */
    struct on_event *owner;
    struct fair_owner *hive; /* held meanwhile */
    struct run *prev, *next;
    struct loop_timer *timeout;
};

struct on_event {
    struct loop *loop;
    const char *command;
    struct fair_queue waiting;
    struct run *running;
    unsigned running_count;
    struct id_range lost; /* of events, which the command was not told yet */
    struct log_limit cannot_run, failed, dropped;
};

enum err on_event_new(struct loop *loop, const char *command, struct on_event **ret)
{
    struct on_event *on_event = calloc(1, sizeof *on_event);
    if (!on_event)
        return ERR_NOMEM;
    *on_event = (struct on_event){ .loop = loop, .command = command, .cannot_run = { .burst = 1, .every = 10000 } };
    *ret = on_event;
    return OK;
}

static void drop(struct on_event *on_event, struct fair_item *item)
{
    fair_queue_remove(&on_event->waiting, item);
    free(CONTAINER_OF(item, struct waiting, item));
}

static void run_over(struct run *run)
{
    struct on_event *owner = run->owner;
    DL_DELETE(owner->running, run);
    owner->running_count--;
    if (run->hive)
        fair_owner_release(&owner->waiting, run->hive);
    loop_timer_free(run->timeout);
    loop_child_free(run->child);
    free(run);
}

static void exited(void *user, const struct exit_status *exit_status)
{
    struct run *run = user;
    struct on_event *owner = run->owner;
    if (exit_status_code(exit_status) != 0)
        (void)log_limited(&owner->failed, LOG_WARNING, "the command of --on-event failed", "command", owner->command,
                          NULL);
    run_over(run);
    on_event_run(owner);
}

static void timed_out(void *user)
{
    struct run *run = user;
    (void)log_limited(&run->owner->failed, LOG_WARNING, "the command of --on-event timed out and is killed", NULL);
    loop_child_kill(run->child); /* the shell, and what it started */
}

/* What waits of the hive, ON_EVENT_LINES at most, as a file in memory, which nobody has to feed to the command. The
 * caller closes *ret_fd. */
static enum err document_open(const struct fair_owner *hive, int *ret_fd, size_t *ret_count, struct errbuf *e)
{
    int fd = memfd_create("events", MFD_CLOEXEC), failure = fd < 0 ? errno : 0;
    const struct fair_item *item = fair_owner_oldest(hive);
    size_t count;
    for (count = 0; failure == 0 && item && count < ON_EVENT_LINES; count++, item = item->own_next) {
        const struct waiting *waiting = CONTAINER_OF(item, const struct waiting, item);
        ssize_t written = write(fd, waiting->json, waiting->len);
        if (written != (ssize_t)waiting->len)
            failure = written < 0 ? errno : ENOSPC; /* a short one says no reason */
    }
    if (failure == 0 && lseek(fd, 0, SEEK_SET) != 0)
        failure = errno;
    if (failure != 0) {
        fd_close(fd);
        return err_set(e, ERR_IO, "%s", strerror(failure));
    }
    *ret_count = count;
    *ret_fd = fd;
    return OK;
}

static enum err spawn(struct run *run, int document, struct errbuf *e)
{
    char shell[] = "/bin/sh", flag[] = "-c"; /* arguments are writable by tradition, and not written to */
    char *arguments[] = { shell, flag, (char *)run->owner->command, NULL };
    const int streams[] = { document, STDERR_FILENO, STDERR_FILENO }; /* stdout is for data: prints join the log */
    struct loop_child_options options = { .file = shell,
                                          .arguments = arguments,
                                          .environment = environ,
                                          .streams = streams,
                                          .stream_count = ARRAY_LEN(streams),
                                          .leads_session = true,
                                          .ended = exited,
                                          .user = run };
    return loop_child_new(run->owner->loop, &options, &run->child, e);
}

static struct run *run_new(struct on_event *on_event)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run || loop_timer_new(on_event->loop, timed_out, run, &run->timeout) != OK) {
        free(run);
        return NULL;
    }
    run->owner = on_event;
    DL_APPEND(on_event->running, run);
    on_event->running_count++;
    return run;
}

/* Of a hive whose turn it is. False: it could not be started. */
static bool run_for(struct on_event *on_event, struct fair_owner *hive)
{
    struct run *run = NULL;
    struct errbuf e = { 0 };
    size_t count = 0;
    int document = -1;
    enum err err = document_open(hive, &document, &count, &e);
    if (err == OK && !(run = run_new(on_event)))
        err = err_set(&e, ERR_NOMEM, "out of memory");
    if (err == OK)
        err = spawn(run, document, &e);
    fd_close(document);
    if (err == OK) {
        run->hive = hive;
        fair_owner_hold(&on_event->waiting, hive);
        for (; count > 0; count--)
            drop(on_event, fair_owner_oldest(hive));
        loop_timer_in(run->timeout, ON_EVENT_TIMEOUT);
        return true;
    }
    (void)log_limited(&on_event->cannot_run, LOG_ERROR, "the command of --on-event cannot be run", "error", e.text,
                      NULL);
    if (run)
        run_over(run);
    return false;
}

/* The line as the command gets it. */
static struct waiting *waiting_new(struct text json, uint64_t id)
{
    struct waiting *waiting = calloc(1, sizeof *waiting + json.len + 1);
    if (!waiting)
        return NULL;
    memcpy(waiting->json, json.at, json.len);
    waiting->json[json.len] = '\n';
    waiting->len = json.len + 1;
    waiting->id = id;
    return waiting;
}

/* False: no memory. */
static bool add(struct on_event *on_event, const char *hive, struct text json, uint64_t id)
{
    struct waiting *waiting = waiting_new(json, id);
    if (waiting && fair_queue_add(&on_event->waiting, text_of(hive), &waiting->item, sizeof *waiting + json.len) == OK)
        return true;
    free(waiting);
    return false;
}

/* Once, when there is room for what is new again. */
static void report_lost(struct on_event *on_event)
{
    struct id_range lost = on_event->lost;
    char line[EVENTS_LOST_SIZE];
    if (lost.first == 0 || on_event->waiting.cost > ON_EVENT_BYTES / 2)
        return;
    events_lost_write(lost, line);
    if (add(on_event, "", text_of(line), lost.last))
        on_event->lost = (struct id_range){ 0 };
}

void on_event_add(struct on_event *on_event, const struct event *event)
{
    bool lost = !add(on_event, event->hive, event->json, event->id);
    if (lost)
        id_range_add(&on_event->lost, event->id);
    for (; on_event->waiting.cost > ON_EVENT_BYTES; lost = true) {
        struct fair_item *item = fair_queue_yielding(&on_event->waiting);
        id_range_add(&on_event->lost, CONTAINER_OF(item, struct waiting, item)->id);
        drop(on_event, item);
    }
    if (lost)
        (void)log_limited(&on_event->dropped, LOG_WARNING, "the command of --on-event is too slow: it misses an event",
                          NULL);
}

void on_event_add_lost(struct on_event *on_event, struct id_range lost)
{
    id_range_add(&on_event->lost, lost.first);
    id_range_add(&on_event->lost, lost.last);
}

uint64_t on_event_oldest(const struct on_event *on_event)
{
    const struct fair_item *item = on_event->waiting.items;
    return item ? CONTAINER_OF(item, const struct waiting, item)->id : 0;
}

void on_event_run(struct on_event *on_event)
{
    struct fair_owner *hive;
    report_lost(on_event);
    while (on_event->running_count < ON_EVENT_RUNNING && (hive = fair_queue_turn(&on_event->waiting)))
        if (!run_for(on_event, hive))
            return;
}

void on_event_free(struct on_event *on_event)
{
    if (!on_event)
        return;
    while (on_event->running)
        run_over(on_event->running);
    while (on_event->waiting.items)
        drop(on_event, on_event->waiting.items);
    fair_queue_clear(&on_event->waiting);
    free(on_event);
}
