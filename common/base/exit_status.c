#include "exit_status.h"

#include <stdio.h>
#include <string.h>

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

int exit_status_oom(int64_t kills_before, int64_t kills_after)
{
    if (kills_before < 0 || kills_after < 0)
        return -1;
    return kills_after > kills_before;
}
