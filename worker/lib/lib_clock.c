#include "lib_clock.h"

#include <sys/random.h>
#include <time.h>

static ms_t clock_read(clockid_t id)
{
    struct timespec ts;

    clock_gettime(id, &ts); /* cannot fail for these two clocks */
    return (ms_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

ms_t lib_clock_mono(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

ms_t lib_clock_wall(void)
{
    return clock_read(CLOCK_REALTIME);
}

bool lib_clock_random(uint64_t *ret)
{
    do {
        if (getrandom(ret, sizeof *ret, 0) != (ssize_t)sizeof *ret)
            return false;
    } while (*ret == 0);
    return true;
}
