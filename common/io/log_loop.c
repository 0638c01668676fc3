#include "log_loop.h"

#define AGAIN_MS 100

static struct loop_timer *again;

static void lines_wait(void)
{
    loop_timer_in(again, AGAIN_MS);
}

static void try_again(void *user)
{
    (void)user;
    log_flush();
}

enum err log_attach(struct loop *loop)
{
    enum err err = loop_timer_new(loop, try_again, NULL, &again);
    if (err == OK)
        log_on_waiting(lines_wait);
    return err;
}

void log_detach(void)
{
    log_on_waiting(NULL);
    loop_timer_free(again);
    again = NULL;
    log_close();
}
