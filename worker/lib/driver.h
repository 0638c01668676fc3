/* driver.h - the library's thread: feeds the core with mail, time and what the link brings, and carries out what it
 * wants. */
#ifndef SKEP_DRIVER_H
#define SKEP_DRIVER_H

#include <stdatomic.h>

#include "link.h"
#include "mailbox.h"
#include "skep/worker.h"
#include "worker.h"

struct driver {
    struct mailbox *box;   /* borrowed */
    struct worker *worker; /* borrowed */
    struct link *link;     /* owned; see driver_init */
    struct outbox outbox;
    struct mail mail;
    void (*log)(void *user, enum skep_log_level level, const char *message); /* NULL = none */
    void *log_user;
    atomic_int online; /* for other threads */
    int code;          /* of EFFECT_EXIT: 0 = the farewell was acknowledged */
};

/* `options` is borrowed until driver_clear. ERR_NOMEM. */
enum err driver_init(struct driver *driver, struct mailbox *box, struct worker *worker,
                     const struct link_options *options);
void driver_clear(struct driver *driver);

/* Runs until the worker has left. */
void driver_run(struct driver *driver);

#endif
