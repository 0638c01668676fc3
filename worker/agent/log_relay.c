#include "log_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

/* Written to a pipe in one piece: it is smaller than PIPE_BUF. */
struct record {
    enum skep_log_level level;
    char message[500];
};

struct log_relay {
    int ends[2];
    struct loop_fd *watch;
};

_Static_assert((int)SKEP_LOG_ERROR == (int)LOG_ERROR && (int)SKEP_LOG_DEBUG == (int)LOG_DEBUG, "the same levels");

static void read_all(void *user, int events)
{
    struct log_relay *relay = user;
    struct record record;
    (void)events;
    while (read(relay->ends[0], &record, sizeof record) == sizeof record)
        log_at((enum log_level)record.level, record.message, NULL);
}

enum err log_relay_new(struct loop *loop, struct log_relay **ret, struct errbuf *e)
{
    struct log_relay *relay = calloc(1, sizeof *relay);
    if (!relay)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (pipe2(relay->ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        free(relay);
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    if (loop_fd_new(loop, relay->ends[0], read_all, relay, &relay->watch) != OK) {
        log_relay_free(relay);
        return err_set(e, ERR_IO, "cannot watch a pipe");
    }
    loop_fd_want(relay->watch, LOOP_READABLE);
    *ret = relay;
    return OK;
}

void log_relay_free(struct log_relay *relay)
{
    if (!relay)
        return;
    read_all(relay, LOOP_READABLE);
    loop_fd_free(relay->watch);
    close(relay->ends[0]);
    close(relay->ends[1]);
    free(relay);
}

void log_relay_write(void *user, enum skep_log_level level, const char *message)
{
    struct log_relay *relay = user;
    struct record record = { .level = level };
    snprintf(record.message, sizeof record.message, "%s", message);
    (void)!write(relay->ends[1], &record, sizeof record); /* a full pipe: the message is dropped */
}
