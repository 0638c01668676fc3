/* exit_status.h - the exit codes of the programs; and what the end of a child means: for the fleet, and for how the
 * agent ends. Pure. */
#ifndef SKEP_EXIT_STATUS_H
#define SKEP_EXIT_STATUS_H

#include "base.h"

#define SIGNAL_NAME_SIZE 16

/* Of all programs; which of them a program has is in its --help. */
enum exit_code {
    EXIT_OK,
    EXIT_FAILED,
    EXIT_USAGE,
    EXIT_UNHEALTHY,
    EXIT_NOT_FOUND,
    EXIT_UNREACHABLE,
    EXIT_REFUSED,
    EXIT_TIMED_OUT = 124,
    EXIT_INTERRUPTED = 130
};

/* Exit codes of an agent with --exec, beside those of the program itself, as env, nohup and timeout have them. */
enum agent_exit { AGENT_FAILED = 125, AGENT_CANNOT_EXECUTE = 126, AGENT_NOT_FOUND = 127 };

struct exit_status {
    int status;         /* of exit(), when it ended by itself */
    int signal;         /* that ended it; 0 = none */
    bool was_asked_for; /* it was told to end */
    bool is_unknown;    /* nobody can know how it ended; `status` is that of a failure */
    int oom;            /* it was killed for want of memory: 1 yes, 0 no, -1 cannot tell */
    bool never_ran;     /* it could not be executed: 126 or, if there is no such command, 127 */
};

/* Of a child that waitpid has seen ending; `oom` cannot be told. */
struct exit_status exit_status_of_wait(int status);

/* Exit code as a shell would say it: the status, or 128 + signal. */
int exit_status_code(const struct exit_status *exit_status);

/* True when nobody asked for it and it was no success: the fleet must know. */
bool exit_status_is_crash(const struct exit_status *exit_status);

/* "SIGSEGV"; "SIG34" for one without a name of its own. Returns `ret`, or NULL for 0. */
const char *signal_name(int number, char ret[SIGNAL_NAME_SIZE]);
#define SIGNAL_NAME(number) signal_name((number), (char[SIGNAL_NAME_SIZE]){ 0 })

/* What an agent tells its hive before it ends as its program did, which shows neither. */
struct agent_report {
    bool never_ran;
    int8_t oom;
};

/* How often the kernel has killed for want of memory, of which nobody knows whom: a death is one of those if the count
 * rose just before it, and may be one for a while longer, since a large process takes seconds to die. */
#define OOM_JUST_MS 500
#define OOM_LATE_MS 10000

struct oom_count {
    int64_t kills; /* -1: unreadable */
    ms_t seen_at;
    bool has_risen;
    ms_t rose_after, rose_by; /* it rose between the two */
};

/* `is_notified`: had it risen earlier, it would have been seen then. */
void oom_count_see(struct oom_count *count, int64_t kills, ms_t now, bool is_notified);

/* Was memory what a process died of that is dead now? 1 yes, 0 no, -1 cannot tell. */
int oom_count_judge(const struct oom_count *count, int signal_number, ms_t now);

#endif
