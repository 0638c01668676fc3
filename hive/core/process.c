#include "process.h"

#include <stdio.h>

#define TO(state) (1u << WITNESS_##state)

/* What may follow what. `stopped` is also where everything begins: from there a predecessor's process is adopted. */
static const unsigned followers[WITNESS_STATE_COUNT] = {
    [WITNESS_STARTING] = TO(RUNNING) | TO(FAILED) | TO(STOPPING) | TO(STOPPED),
    [WITNESS_RUNNING] = TO(STOPPING) | TO(EXITED) | TO(BACKOFF) | TO(FAILED),
    [WITNESS_STOPPING] = TO(STOPPED) | TO(STARTING),
    [WITNESS_STOPPED] = TO(STARTING) | TO(RUNNING),
    [WITNESS_EXITED] = TO(STARTING) | TO(STOPPING) | TO(STOPPED),
    [WITNESS_BACKOFF] = TO(STARTING) | TO(STOPPING) | TO(STOPPED),
    [WITNESS_FAILED] = TO(STARTING) | TO(STOPPING) | TO(STOPPED),
};

/* The one setter. */
static void set_state(struct process *process, enum witness_state state)
{
    if (!(followers[process->state] & (1u << state))) {
        process->refused = (int8_t)state;
        return;
    }
    process->state = state;
    process->changed = true;
    process->unrecorded = false;
    if (state != WITNESS_FAILED)
        process->reason[0] = '\0';
}

void process_init(struct process *process, enum restart_policy policy)
{
    *process = (struct process){ .state = WITNESS_STOPPED,
                                 .policy = policy,
                                 .changed = true,
                                 .refused = -1,
                                 .pid = INT_ABSENT,
                                 .started_at = TIME_ABSENT,
                                 .due = MS_NEVER,
                                 .pause = PROCESS_BACKOFF_FIRST };
    last_exit_init(&process->last);
}

static bool runs(const struct process *process)
{
    return process->pid != INT_ABSENT;
}

/* Starts it now, or when the remains are swept. */
static void begin(struct process *process)
{
    process->due = MS_NEVER;
    if (process->state != WITNESS_STARTING)
        set_state(process, WITNESS_STARTING);
    if (!process->has_leftovers)
        process->orders |= PROCESS_START;
}

/* Whatever is to be ended is gone. */
static void halt(struct process *process)
{
    process->due = MS_NEVER;
    process->orders &= ~(unsigned)PROCESS_START;
    if (process->has_leftovers && process->state != WITNESS_STOPPING)
        set_state(process, WITNESS_STOPPING);
    else if (!process->has_leftovers && process->state != WITNESS_STOPPED)
        set_state(process, WITNESS_STOPPED);
}

static void terminate(struct process *process, ms_t now)
{
    if (process->state == WITNESS_STOPPING)
        return;
    set_state(process, WITNESS_STOPPING);
    process->orders |= PROCESS_TERM;
    process->due = now + PROCESS_KILL_AFTER_MS;
}

void process_start(struct process *process)
{
    process->wanted = true;
    process->pause = PROCESS_BACKOFF_FIRST;
    if (!runs(process) && process->state != WITNESS_STOPPING && process->state != WITNESS_STARTING)
        begin(process);
}

void process_stop(struct process *process, ms_t now)
{
    process->wanted = false;
    if (runs(process))
        terminate(process, now);
    else
        halt(process);
}

void process_restart(struct process *process, ms_t now)
{
    process_start(process);
    if (runs(process))
        terminate(process, now);
}

static void live(struct process *process, const struct process_birth *birth, ms_t now)
{
    process->pid = birth->pid;
    process->session = birth->session;
    process->started_at = birth->wall;
    process->born = now;
    process->was_started = true;
    set_state(process, WITNESS_RUNNING);
}

void process_started(struct process *process, const struct process_birth *birth, ms_t now)
{
    process->restarts += process->was_started;
    live(process, birth, now);
    if (!process->wanted)
        terminate(process, now);
}

void process_adopt(struct process *process, const struct process_birth *birth, ms_t now)
{
    process->wanted = true;
    process->restarts = birth->restarts;
    live(process, birth, now);
}

void process_finished(struct process *process, const struct process_birth *birth, const struct last_exit *last,
                      ms_t now)
{
    process_adopt(process, birth, now);
    process->pid = INT_ABSENT;
    process->last = *last;
    if (last->signal) {
        snprintf(process->last_signal, sizeof process->last_signal, "%s", last->signal);
        process->last.signal = process->last_signal;
    }
    set_state(process, WITNESS_EXITED);
}

static void wait_for_restart(struct process *process, ms_t now)
{
    process->due = now + process->pause;
    process->pause = ms_min(2 * process->pause, PROCESS_BACKOFF_MAX);
}

static void fail(struct process *process, const char *why, bool again, ms_t now)
{
    set_state(process, WITNESS_FAILED);
    snprintf(process->reason, sizeof process->reason, "%s", why);
    if (again)
        wait_for_restart(process, now);
}

void process_not_started(struct process *process, const char *why, ms_t now)
{
    if (process->wanted)
        fail(process, why, process->policy != RESTART_NEVER, now);
    else
        halt(process);
}

void process_not_recorded(struct process *process, const char *why, ms_t now)
{
    if (!process->wanted) {
        halt(process);
        return;
    }
    fail(process, why, true, now);
    process->unrecorded = true;
}

static void remember_exit(struct process *process, const struct exit_status *exit_status, ms_t wall)
{
    struct last_exit *last = &process->last;
    last_exit_init(last);
    last->known = true;
    last->session = process->session;
    last->pid = process->pid;
    last->at = wall;
    last->asked_for = process->state == WITNESS_STOPPING;
    if (!exit_status)
        return;
    last->code = exit_status_code(exit_status);
    last->oom = (int8_t)exit_status->oom;
    last->signal = signal_name(exit_status->signal, process->last_signal);
}

static const char *why_not_executed(const struct exit_status *exit_status)
{
    if (!exit_status || !exit_status->never_ran)
        return NULL;
    return exit_status->status == AGENT_NOT_FOUND ? "the command was not found (exit code 127)"
                                                  : "the command cannot be executed (exit code 126)";
}

static bool is_started_again(const struct process *process)
{
    return process->policy == RESTART_ALWAYS || (process->policy == RESTART_ON_FAILURE && process->last.code != 0);
}

/* It ended by itself. */
static void react(struct process *process, const struct exit_status *exit_status, ms_t now)
{
    const char *why = why_not_executed(exit_status);
    if (why) {
        fail(process, why, process->policy != RESTART_NEVER, now);
    } else if (is_started_again(process)) {
        set_state(process, WITNESS_BACKOFF);
        wait_for_restart(process, now);
    } else {
        set_state(process, WITNESS_EXITED);
    }
}

void process_exited(struct process *process, const struct exit_status *exit_status, ms_t now, ms_t wall)
{
    if (!runs(process))
        return;
    remember_exit(process, exit_status, wall);
    process->pid = INT_ABSENT;
    process->gpus = (struct index_set){ 0 };
    process->has_leftovers = true;
    process->changed = true;
    process->orders = PROCESS_SWEEP;
    process->due = MS_NEVER;
    if (now - process->born >= PROCESS_LIVED_MS)
        process->pause = PROCESS_BACKOFF_FIRST;
    if (process->state != WITNESS_STOPPING)
        react(process, exit_status, now);
}

void process_swept(struct process *process, ms_t now)
{
    process->has_leftovers = false;
    if (process->state == WITNESS_STARTING)
        begin(process);
    else if (process->state == WITNESS_STOPPING)
        process->wanted ? begin(process) : halt(process);
    else
        process_tick(process, now);
}

void process_set_gpus(struct process *process, struct index_set gpus)
{
    if (process->gpus.known == gpus.known && process->gpus.bits == gpus.bits)
        return;
    process->gpus = gpus;
    process->changed = true;
}

void process_tick(struct process *process, ms_t now)
{
    if (process_deadline(process) > now)
        return;
    process->due = MS_NEVER;
    if (process->state == WITNESS_STOPPING)
        process->orders |= PROCESS_KILL;
    else
        begin(process);
}

ms_t process_deadline(const struct process *process)
{
    return process->has_leftovers && process->state != WITNESS_STOPPING ? MS_NEVER : process->due;
}

bool process_is_finished(const struct process *process)
{
    return process->state == WITNESS_EXITED && !is_started_again(process);
}

bool process_is_over(const struct process *process)
{
    return process->state == WITNESS_STOPPED;
}

void process_witness(const struct process *process, ms_t now, struct witness *ret)
{
    bool waits = process->state == WITNESS_BACKOFF || process->state == WITNESS_FAILED;
    witness_init(ret);
    ret->session = process->session;
    ret->pid = process->pid;
    ret->state = (int8_t)process->state;
    ret->reason = process->reason[0] ? process->reason : NULL;
    ret->restarts = process->restarts;
    ret->restart_in_ms = waits && process->due != MS_NEVER ? ms_max(process->due - now, 0) : INT_ABSENT;
    ret->started_at = process->started_at;
    ret->last_exit = process->last;
    ret->gpus = process->gpus;
}
