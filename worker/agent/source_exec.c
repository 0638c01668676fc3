/* The source --exec: the command as a child of the agent. What the fleet is told of it: what it reports itself over its
 * NOTIFY_SOCKET, and what /proc shows every 5 s. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "child.h"
#include "child_exec.h"
#include "clock.h"
#include "command_tree.h"
#include "log.h"
#include "notify_message.h"
#include "notify_socket.h"
#include "oom_watch.h"
#include "output_relay.h"
#include "process_watch.h"
#include "source.h"

#define STATUS_SIZE 65

struct exec_source {
    struct agent *agent;
    struct child *child;
    struct oom_watch *oom;
    struct notify_socket *socket;
    struct output_relay *relay; /* NULL: the command prints by itself */
    struct process_watch watch;
    struct log_limit limit;
    char status[STATUS_SIZE]; /* that the worker has now */
    bool was_ready, set_its_limit;
};

/* What the child said while this process stood still is heard before it is judged: datagrams wait in the socket. */
static void check(void *user)
{
    struct exec_source *source = user;
    child_wake(source->child);
    notify_socket_restore(source->socket);
    notify_socket_drain(source->socket);
    oom_watch_see(source->oom);
    process_watch_look(&source->watch, child_guard(source->child), PROCESS_LOOK_EVERY);
}

static void judge(void *user)
{
    process_watch_judge(&((struct exec_source *)user)->watch);
}

static void set_status(struct exec_source *source, struct text status)
{
    if (status.len == 0 || status.len >= STATUS_SIZE)
        return;
    memcpy(source->status, status.at, status.len);
    source->status[status.len] = 0;
    skep_worker_set_status(source->agent->worker, source->status);
}

static void set_field(struct exec_source *source, const struct notify_field *field)
{
    auto_clear(buf) json = BUF_INIT;
    struct errbuf e = { 0 };
    enum err err = notify_field_json(field, &json, &e);
    if (err == OK &&
        skep_worker_merge(source->agent->worker, buf_str(&json), json.len, e.text, sizeof e.text) != SKEP_OK)
        err = ERR_REFUSED;
    if (err != OK)
        (void)log_limited(&source->limit, LOG_WARNING, "notification ignored", "why", e.text, NULL);
    else if (text_is(field->name, "STATUS"))
        set_status(source, field->value);
}

static void set_status_text(struct exec_source *source, struct text status)
{
    char text[NOTIFY_STATUS_MAX + 1];
    text_to_printable(status, text, sizeof text);
    skep_worker_set_label(source->agent->worker, "status_text", text[0] ? text : NULL);
}

/* It is the limit of a stall for whoever judges, too. 0: none, and the default there. */
static void set_limit(struct exec_source *source, ms_t limit)
{
    child_watch_limit(&source->watch.stall, clock_mono(), limit);
    (void)skep_worker_set_number(source->agent->worker, "stall_ms", limit > 0 ? (double)limit : NAN);
}

/* That of --watchdog counts once the command is ready, as with systemd: before, it may be loading for long. */
static void begin_watchdog(struct exec_source *source, const struct notify_message *message)
{
    ms_t limit = source->agent->conf->settings.watchdog;
    if (source->was_ready || (message->phase != NOTIFY_READY && !message->watchdog))
        return;
    source->was_ready = true;
    if (limit > 0 && !source->set_its_limit)
        set_limit(source, limit);
}

static void apply_watchdog(struct exec_source *source, const struct notify_message *message)
{
    if (message->watchdog_limit != MS_NEVER) {
        source->set_its_limit = true;
        set_limit(source, message->watchdog_limit);
    }
    begin_watchdog(source, message);
    if (message->watchdog) {
        source->watch.tells_progress = true;
        child_watch_feed(&source->watch.stall, clock_mono());
        skep_worker_progress(source->agent->worker);
    }
    if (message->trigger)
        child_watch_trigger(&source->watch.stall);
}

static void main_changed(void *user)
{
    struct exec_source *source = user;
    source->agent->pid = (uint32_t)child_pid(source->child);
    (void)skep_worker_set_number(source->agent->worker, "pid", source->agent->pid);
    log_at(LOG_INFO, "another process of the command is its main one", "pid", INT_TEXT(source->agent->pid), NULL);
}

static void follow(struct exec_source *source, int64_t pid)
{
    struct ucred process = { .pid = (pid_t)pid, .uid = (uid_t)-1 };
    const char *why = command_tree_refuse(source->agent->pid, &process);
    if (why)
        (void)log_limited(&source->limit, LOG_WARNING, "MAINPID ignored", "pid", INT_TEXT(pid), "why", why, NULL);
    else if (pid != source->agent->pid)
        child_follow(source->child, (int)pid);
}

static void apply(struct exec_source *source, const struct notify_message *message)
{
    const char *status = notify_status(source->status, source->was_ready, message);
    if (message->status.at)
        set_status_text(source, message->status);
    apply_watchdog(source, message);
    if (message->main_pid > 0)
        follow(source, message->main_pid);
    if (message->more_time > 0)
        child_extend(source->child, message->more_time);
    if (status)
        set_status(source, text_of(status));
    for (size_t i = 0; i < message->field_count; i++)
        set_field(source, &message->fields[i]);
}

static const char *refuse(void *user, const struct ucred *sender)
{
    return command_tree_refuse(((struct exec_source *)user)->agent->pid, sender);
}

static void received(void *user, struct text datagram)
{
    struct exec_source *source = user;
    struct notify_message message;
    struct errbuf e = { 0 };
    notify_message_parse(datagram, &message, &e);
    apply(source, &message);
    if (message.skipped)
        (void)log_limited(&source->limit, LOG_WARNING, "lines of a notification ignored", "lines",
                          INT_TEXT(message.skipped), "why", e.text, NULL);
}

static void log_exit_status(const struct exit_status *exit_status)
{
    bool is_crash = exit_status_is_crash(exit_status);
    log_at(is_crash ? LOG_WARNING : LOG_INFO, is_crash ? "the command crashed" : "the command exited", "code",
           exit_status->is_unknown ? "unknown" : INT_TEXT(exit_status_code(exit_status)), "signal",
           SIGNAL_NAME(exit_status->signal), NULL);
}

/* What it has sent before it ended counts. */
static void child_ending(void *user)
{
    notify_socket_drain(((struct exec_source *)user)->socket);
}

static void child_ended(void *user, const struct exit_status *exit_status)
{
    struct exec_source *source = user;
    struct exit_status complete = *exit_status;
    output_relay_drain(source->relay);
    complete.was_asked_for |= exit_status->is_unknown && strcmp(source->status, "draining") == 0;
    complete.oom = oom_watch_judge(source->oom, exit_status);
    agent_end(source->agent, &complete);
    log_exit_status(&complete);
}

static enum err start_child(struct exec_source *source, struct errbuf *e)
{
    static const struct notify_socket_events events = { .refuse = refuse, .received = received, .drained = judge };
    struct agent *agent = source->agent;
    struct child_options options = { .command = agent->command,
                                     .watchdog = agent->conf->settings.watchdog,
                                     .dies_with_agent = strcmp(agent->conf->settings.on_agent_death, "kill") == 0,
                                     .ending = child_ending,
                                     .main_changed = main_changed,
                                     .ended = child_ended,
                                     .user = source };
    enum err err;
    if ((err = notify_socket_new(agent->loop, &events, source, &source->socket, e)) != OK)
        return err;
    /* The pipe of one that outlives the agent would have no reader. */
    if (options.dies_with_agent && (err = output_relay_new(agent->loop, &source->relay, e)) != OK)
        return err;
    options.notify_socket = notify_socket_name(source->socket);
    options.input = STDIN_FILENO;
    options.output = output_relay_stream(source->relay, STDOUT_FILENO);
    options.errors = output_relay_stream(source->relay, STDERR_FILENO);
    if ((err = child_new(agent->loop, &options, &agent->arena, &source->child, e)) != OK)
        return err;
    output_relay_begin(source->relay);
    agent->pid = (uint32_t)child_pid(source->child);
    return OK;
}

static enum err exec_prepare(struct agent *agent, struct errbuf *e)
{
    struct exec_source *source = arena_zalloc(&agent->arena, sizeof *source);
    if (!source || process_watch_init(&source->watch, agent, check, source) != OK ||
        oom_watch_new(agent->loop, &source->oom) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    agent->source_state = source;
    source->agent = agent;
    return start_child(source, e);
}

static void exec_clear(void *state)
{
    struct exec_source *source = state;
    child_free(source->child);
    output_relay_free(source->relay);
    notify_socket_free(source->socket);
    oom_watch_free(source->oom);
}

static void exec_start(void *state)
{
    struct exec_source *source = state;
    snprintf(source->status, sizeof source->status, "%s", source_exec.first_status);
    check(source);
}

/* A first look as every 5 s lets a heartbeat show what has changed before the answer is given. */
static enum skep_work exec_verify(void *state, bool is_first, uint32_t left_ms)
{
    struct exec_source *source = state;
    if (is_first)
        check(source);
    return process_watch_verify(&source->watch, is_first, left_ms);
}

static void exec_stop(void *state)
{
    child_stop(((struct exec_source *)state)->child);
}

static void exec_reload(void *state)
{
    child_hang_up(((struct exec_source *)state)->child);
}

static void exec_signal(void *state, int number, bool is_sent)
{
    child_signal(((struct exec_source *)state)->child, number, is_sent);
}

const struct source source_exec = {
    .first_status = "idle",
    .prepare = exec_prepare,
    .start = exec_start,
    .verify = exec_verify,
    .stop = exec_stop,
    .reload = exec_reload,
    .signal = exec_signal,
    .clear = exec_clear,
};
