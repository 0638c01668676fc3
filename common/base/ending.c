#include "ending.h"

#include <stdio.h>
#include <string.h>

int ending_code(const struct ending *ending)
{
    return ending->signal ? 128 + ending->signal : ending->status;
}

bool ending_is_crash(const struct ending *ending)
{
    return !ending->was_asked_for && ending_code(ending) != 0;
}

void signal_name(int number, char ret[SIGNAL_NAME_SIZE])
{
    const char *abbreviation = sigabbrev_np(number);
    if (abbreviation)
        snprintf(ret, SIGNAL_NAME_SIZE, "SIG%s", abbreviation);
    else
        snprintf(ret, SIGNAL_NAME_SIZE, "SIG%d", number);
}

int ending_oom(int64_t kills_before, int64_t kills_after)
{
    if (kills_before < 0 || kills_after < 0)
        return -1;
    return kills_after > kills_before;
}
