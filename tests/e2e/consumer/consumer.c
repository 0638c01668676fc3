/* consumer.c - somebody else's C program, built against the installed library. Nobody listens where it connects. */
#include <skep/worker.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker;
    char error[200] = "";
    if (skep_worker_open(&options, &worker, error, sizeof error) != SKEP_INVALID || !error[0])
        return 1;
    options.worker = "consumer";
    options.broker = "mqtt://127.0.0.1:1";
    if (skep_worker_open(&options, &worker, error, sizeof error) != SKEP_OK)
        return 2;
    if (skep_worker_set_status(worker, "idle") != SKEP_OK || skep_worker_is_online(worker))
        return 3;
    if (strlen(skep_worker_session(worker)) != 16)
        return 4;
    if (skep_worker_close(worker, NULL, 10) != SKEP_TIMEOUT)
        return 5;
    puts("a worker in C");
    return 0;
}
