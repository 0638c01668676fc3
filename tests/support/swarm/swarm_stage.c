#include "swarm_stage.h"

#include <err.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void sleep_us(int64_t us)
{
    struct timespec span = { us / 1000000, us % 1000000 * 1000 };
    if (us > 0)
        nanosleep(&span, NULL);
}

void stage_report(const struct stage *stage, const struct report *report)
{
    if (write(stage->reports[1], report, sizeof *report) != sizeof *report)
        err(2, "the oracle's pipe");
}

void stage_await_start(const struct stage *stage)
{
    stage_report(stage, &(struct report){ .kind = REPORT_READY });
    while (!stage->shared->start_us)
        sleep_us(2000);
    sleep_us(stage->shared->start_us - now_us());
}

int64_t stage_time(const struct stage *stage)
{
    return now_us() - stage->shared->start_us;
}

int stage_fork(const struct stage *stage, void (*play)(const struct stage *stage, unsigned number), unsigned number)
{
    int pid = fork();
    if (pid < 0)
        err(2, "fork");
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    play(stage, number);
    _exit(0);
}
