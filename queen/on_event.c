#include "on_event.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <utlist.h>
#include <uv.h>

#include "fd.h"
#include "log.h"

/* One command that runs. Freed when its process is closed. */
struct run {
    uv_process_t process; /* first: its address is the one to free */
    struct on_event *owner;
    struct run *prev, *next;
    struct loop_timer *timeout;
};

struct on_event {
    struct loop *loop;
    const char *command;
    void (*ready)(void *user);
    void *user;
    struct run *running;
    unsigned running_count;
    struct log_limit cannot_run;
};

enum err on_event_new(struct loop *loop, const char *command, void (*ready)(void *user), void *user,
                      struct on_event **ret)
{
    struct on_event *on_event = calloc(1, sizeof *on_event);
    if (!on_event)
        return ERR_NOMEM;
    *on_event = (struct on_event){
        .loop = loop, .command = command, .ready = ready, .user = user, .cannot_run = { .burst = 1, .every = 10000 }
    };
    *ret = on_event;
    return OK;
}

static void run_over(struct run *run)
{
    DL_DELETE(run->owner->running, run);
    run->owner->running_count--;
    loop_timer_free(run->timeout);
    loop_process_free(&run->process);
}

static void exited(uv_process_t *process, int64_t status, int signal_number)
{
    struct run *run = process->data;
    struct on_event *owner = run->owner;
    if (status != 0 || signal_number != 0)
        log_at(LOG_WARNING, "the command of --on-event failed", "command", owner->command, NULL);
    run_over(run);
    owner->ready(owner->user);
}

static void timed_out(void *user)
{
    struct run *run = user;
    log_at(LOG_WARNING, "the command of --on-event timed out and is killed", NULL);
    (void)kill(-run->process.pid, SIGKILL); /* the shell, and what it started */
}

/* The document as a file in memory, which nobody has to feed to the command; -1 with errno. */
static int document_open(struct text json)
{
    int fd = memfd_create("event", MFD_CLOEXEC);
    if (fd < 0 || (dprintf(fd, "%.*s\n", (int)json.len, json.at) > 0 && lseek(fd, 0, SEEK_SET) == 0))
        return fd;
    close(fd);
    return -1;
}

static int spawn(struct run *run, int document)
{
    char shell[] = "/bin/sh", flag[] = "-c"; /* libuv wants them writable, and writes none */
    char *arguments[] = { shell, flag, (char *)run->owner->command, NULL };
    uv_stdio_container_t streams[3] = {
        { .flags = UV_INHERIT_FD, .data.fd = document },
        { .flags = UV_INHERIT_FD, .data.fd = 2 }, /* stdout is for data: what the command prints joins the log */
        { .flags = UV_INHERIT_FD, .data.fd = 2 },
    };
    uv_process_options_t options = {
        .exit_cb = exited,
        .file = arguments[0],
        .args = arguments,
        .stdio = streams,
        .stdio_count = 3,
        .flags = UV_PROCESS_DETACHED, /* leads a process group of its own */
    };
    return uv_spawn(loop_uv(run->owner->loop), &run->process, &options);
}

static struct run *run_new(struct on_event *on_event)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run || loop_timer_new(on_event->loop, timed_out, run, &run->timeout) != OK) {
        free(run);
        return NULL;
    }
    run->owner = on_event;
    run->process.data = run;
    DL_APPEND(on_event->running, run);
    on_event->running_count++;
    return run;
}

bool on_event_run(struct on_event *on_event, struct text json)
{
    struct run *run = NULL;
    int failure, document;
    if (on_event->running_count >= ON_EVENT_RUNNING)
        return false;
    document = document_open(json);
    if (document < 0 || !(run = run_new(on_event)))
        failure = -errno; /* as libuv numbers them */
    else
        failure = spawn(run, document);
    fd_close(document);
    if (failure == 0) {
        loop_timer_in(run->timeout, ON_EVENT_TIMEOUT);
        return true;
    }
    (void)log_limited(&on_event->cannot_run, LOG_ERROR, "the command of --on-event cannot be run", "error",
                      uv_strerror(failure), NULL);
    if (run)
        run_over(run);
    return false;
}

void on_event_free(struct on_event *on_event)
{
    if (!on_event)
        return;
    while (on_event->running)
        run_over(on_event->running);
    free(on_event);
}
