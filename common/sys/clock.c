#include "clock.h"

#include <stdlib.h>
#include <time.h>

static int64_t clock_read(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) != 0) /* only a broken system call table can do that */
        abort();
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

ms_t clock_mono(void)
{
    return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

int64_t clock_process_us(void)
{
    return clock_read(CLOCK_PROCESS_CPUTIME_ID);
}

ms_t clock_wall(void)
{
    return clock_read(CLOCK_REALTIME) / 1000;
}
