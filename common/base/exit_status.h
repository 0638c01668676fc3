/* exit_status.h - what the end of a child means: for the fleet, and for how the agent ends. Pure. */
#ifndef SKEP_EXIT_STATUS_H
#define SKEP_EXIT_STATUS_H

#include "base.h"

#define SIGNAL_NAME_SIZE 16

/* Exit codes of an agent with --exec, beside those of the program itself, as env, nohup and timeout have them. */
enum agent_exit { AGENT_FAILED = 125, AGENT_CANNOT_EXECUTE = 126, AGENT_NOT_FOUND = 127 };

struct exit_status {
    int status;         /* of exit(), when it ended by itself */
    int signal;         /* that ended it; 0 = none */
    bool was_asked_for; /* it was told to end */
    int oom;            /* it was killed for want of memory: 1 yes, 0 no, -1 cannot tell */
};

/* Exit code as a shell would say it: the status, or 128 + signal. */
int exit_status_code(const struct exit_status *exit_status);

/* True when nobody asked for it and it was no success: the fleet must know. */
bool exit_status_is_crash(const struct exit_status *exit_status);

/* "SIGSEGV"; "SIG34" for one without a name of its own. Returns `ret`, or NULL for 0. */
const char *signal_name(int number, char ret[SIGNAL_NAME_SIZE]);
#define SIGNAL_NAME(number) signal_name((number), (char[SIGNAL_NAME_SIZE]){ 0 })

/* Was memory what it died of? From the counts of oom_kill before and after; negative = unreadable.
 * 1 yes, 0 no, -1 cannot tell. */
int exit_status_oom(int64_t kills_before, int64_t kills_after);

#endif
