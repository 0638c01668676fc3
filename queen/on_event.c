#include "on_event.h"

#include <signal.h>
#include <stdlib.h>
#include <utlist.h>
#include <uv.h>

#include "log.h"

/* One command that runs. Freed when its last handle is closed. */
struct run {
    struct on_event *owner; /* NULL once the owner is gone */
    struct run *prev, *next;
    uv_process_t process;
    uv_pipe_t input;
    uv_timer_t timeout;
    uv_write_t write;
    int handles;
    size_t len;
    char json[];
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

static void log_cannot_run(struct on_event *on_event, const char *why)
{
    (void)log_limited(&on_event->cannot_run, LOG_ERROR, "the command of --on-event cannot be run", "error", why, NULL);
}

static void closed(uv_handle_t *handle)
{
    struct run *run = handle->data;
    if (--run->handles == 0)
        free(run);
}

static void run_over(struct run *run)
{
    if (run->owner) {
        DL_DELETE(run->owner->running, run);
        run->owner->running_count--;
        run->owner = NULL;
    }
    uv_close((uv_handle_t *)&run->process, closed);
    uv_close((uv_handle_t *)&run->timeout, closed);
    if (!uv_is_closing((uv_handle_t *)&run->input))
        uv_close((uv_handle_t *)&run->input, closed);
}

static void exited(uv_process_t *process, int64_t status, int signal_number)
{
    struct run *run = process->data;
    struct on_event *owner = run->owner;
    if (owner && (status != 0 || signal_number != 0))
        log_at(LOG_WARNING, "the command of --on-event failed", "command", owner->command, NULL);
    run_over(run);
    if (owner)
        owner->ready(owner->user);
}

static void timed_out(uv_timer_t *timer)
{
    struct run *run = timer->data;
    log_at(LOG_WARNING, "the command of --on-event timed out and is killed", NULL);
    (void)kill(-run->process.pid, SIGKILL); /* the shell, and what it started */
}

static void written(uv_write_t *write, int status)
{
    struct run *run = write->data;
    (void)status; /* a command that does not read its input is its own affair */
    if (!uv_is_closing((uv_handle_t *)&run->input))
        uv_close((uv_handle_t *)&run->input, closed);
}

static int spawn(struct run *run)
{
    char shell[] = "/bin/sh", flag[] = "-c"; /* libuv wants them writable, and writes none */
    char *arguments[] = { shell, flag, (char *)run->owner->command, NULL };
    uv_stdio_container_t streams[3] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&run->input },
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

static void feed(struct run *run)
{
    uv_buf_t bytes = uv_buf_init(run->json, (unsigned)run->len);
    if (uv_write(&run->write, (uv_stream_t *)&run->input, &bytes, 1, written) != 0)
        uv_close((uv_handle_t *)&run->input, closed);
}

static struct run *run_new(struct on_event *on_event, struct text json)
{
    struct run *run = calloc(1, sizeof *run + json.len + 1);
    uv_loop_t *uv = loop_uv(on_event->loop);
    if (!run)
        return NULL;
    memcpy(run->json, json.at, json.len);
    run->json[json.len] = '\n';
    run->len = json.len + 1;
    run->owner = on_event;
    run->handles = 3;
    run->process.data = run->input.data = run->timeout.data = run->write.data = run;
    (void)uv_pipe_init(uv, &run->input, 0);
    (void)uv_timer_init(uv, &run->timeout);
    DL_APPEND(on_event->running, run);
    on_event->running_count++;
    return run;
}

bool on_event_run(struct on_event *on_event, struct text json)
{
    struct run *run;
    int failure;
    if (on_event->running_count >= ON_EVENT_RUNNING)
        return false;
    if (!(run = run_new(on_event, json))) {
        log_cannot_run(on_event, "out of memory");
        return false;
    }
    if ((failure = spawn(run)) != 0) {
        log_cannot_run(on_event, uv_strerror(failure));
        run_over(run);
        return false;
    }
    (void)uv_timer_start(&run->timeout, timed_out, ON_EVENT_TIMEOUT, 0);
    feed(run);
    return true;
}

void on_event_free(struct on_event *on_event)
{
    if (!on_event)
        return;
    while (on_event->running) {
        struct run *run = on_event->running;
        DL_DELETE(on_event->running, run);
        run->owner = NULL;
        run_over(run);
    }
    free(on_event);
}
