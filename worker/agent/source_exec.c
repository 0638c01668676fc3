#include <stdio.h>
#include <stdlib.h>

#include "child.h"
#include "child_exec.h"
#include "child_report.h"
#include "log.h"
#include "proc.h"
#include "source.h"

struct exec_source {
    struct agent *agent;
    struct child *child;
    struct child_report *report;
    int64_t oom_kills; /* before the child was started */
};

static void log_ending(const struct ending *ending)
{
    char code[16], name[SIGNAL_NAME_SIZE];
    bool is_crash = ending_is_crash(ending);
    snprintf(code, sizeof code, "%d", ending_code(ending));
    signal_name(ending->signal, name);
    log_at(is_crash ? LOG_WARNING : LOG_INFO, is_crash ? "the command crashed" : "the command exited", "code", code,
           "signal", ending->signal ? name : NULL, NULL);
}

static void child_ended(void *user, const struct ending *ending)
{
    struct exec_source *source = user;
    struct ending complete = *ending;
    complete.oom = ending_oom(source->oom_kills, proc_read_oom_kills());
    agent_end(source->agent, &complete);
    log_ending(&complete);
}

static int start_child(struct exec_source *source)
{
    struct child_options options = {
        .command = source->agent->command,
        .notify_socket = child_report_socket(source->report),
        .dies_with_agent = agent_conf_kills(source->agent->conf),
        .ended = child_ended,
        .user = source,
    };
    struct errbuf e = { 0 };
    int code = child_new(source->agent->loop, &options, &source->agent->arena, &source->child, &e);
    if (code != 0)
        log_at(LOG_ERROR, e.text, NULL);
    else
        source->agent->pid = (uint32_t)child_pid(source->child);
    return code;
}

static void exec_free(void *state)
{
    struct exec_source *source = state;
    if (!source)
        return;
    child_free(source->child);
    child_report_free(source->report);
    free(source);
}

static int exec_prepare(struct agent *agent, void **ret)
{
    struct exec_source *source = calloc(1, sizeof *source);
    struct errbuf e = { 0 };
    int code = AGENT_FAILED;
    if (!source)
        return AGENT_FAILED;
    source->agent = agent;
    source->oom_kills = proc_read_oom_kills();
    if (child_report_new(agent, &source->report, &e) != OK)
        log_at(LOG_ERROR, e.text, NULL);
    else
        code = start_child(source);
    if (code != 0)
        exec_free(source);
    else
        *ret = source;
    return code;
}

static int exec_start(void *state)
{
    struct exec_source *source = state;
    child_report_start(source->report);
    return 0;
}

static enum skep_work exec_verify(void *state, bool is_first, uint32_t left_ms)
{
    struct exec_source *source = state;
    return child_report_verify(source->report, is_first, left_ms);
}

static void exec_stop(void *state)
{
    struct exec_source *source = state;
    child_stop(source->child);
}

static void exec_reload(void *state)
{
    struct exec_source *source = state;
    child_hang_up(source->child);
}

const struct source source_exec = {
    .name = "exec",
    .first_status = "idle",
    .prepare = exec_prepare,
    .start = exec_start,
    .verify = exec_verify,
    .stop = exec_stop,
    .reload = exec_reload,
    .free = exec_free,
};
