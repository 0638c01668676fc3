#include "exit_status.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

struct exit_status exit_status_of_wait(int status)
{
    return (struct exit_status){ .status = WIFEXITED(status) ? WEXITSTATUS(status) : 0,
                                 .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                                 .oom = -1 };
}

int exit_status_code(const struct exit_status *exit_status)
{
    return exit_status->signal ? 128 + exit_status->signal : exit_status->status;
}

bool exit_status_is_crash(const struct exit_status *exit_status)
{
    return !exit_status->was_asked_for && exit_status_code(exit_status) != 0;
}

const char *signal_name(int number, char ret[SIGNAL_NAME_SIZE])
{
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation)
        snprintf(ret, SIGNAL_NAME_SIZE, "SIG%s", abbreviation);
    else
        snprintf(ret, SIGNAL_NAME_SIZE, "SIG%d", number);
    return number ? ret : NULL;
}

void oom_count_see(struct oom_count *count, int64_t kills, ms_t now, bool is_notified)
{
    if (count->kills >= 0 && kills > count->kills) {
        count->has_risen = true;
        count->rose_after = is_notified ? now : count->seen_at;
        count->rose_by = now;
    }
    count->kills = kills;
    count->seen_at = now;
}

int oom_count_judge(const struct oom_count *count, int signal_number, ms_t now)
{
    if (count->kills < 0)
        return -1;
    if (signal_number != SIGKILL || !count->has_risen || now - count->rose_by > OOM_LATE_MS)
        return 0;
    return now - count->rose_after <= OOM_JUST_MS ? 1 : -1;
}
