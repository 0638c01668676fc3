/* driver.h - the library's thread: feeds the core with mail, time and what the link brings, and carries out what it
 * wants. */
#ifndef SKEP_DRIVER_H
#define SKEP_DRIVER_H

#include <stdatomic.h>

#include "bucket.h"
#include "mailbox.h"
#include "mqtt_client.h"
#include "skep/worker.h"
#include "worker.h"

struct driver {
    struct mailbox *box;   /* borrowed */
    struct worker *worker; /* borrowed */
    struct mqtt_client *client;
    struct outbox outbox;
    struct outbox kept; /* the latest EFFECT_CONNECT, for its will */
    struct facts facts; /* of the mail */
    void (*log)(void *user, enum skep_log_level level, const char *message); /* NULL = none */
    void *log_user;
    struct bucket notices; /* foreign messages cause them */
    unsigned not_shown;
    atomic_int online; /* for other threads */
    int code;          /* of EFFECT_EXIT: 0 = the farewell was acknowledged */
};

/* The errors of mqtt_client_new; then there is nothing to be cleared but what driver_clear takes. */
enum err driver_init(struct driver *driver, struct mailbox *box, struct worker *worker,
                     const struct mqtt_options *options, struct errbuf *e);
void driver_clear(struct driver *driver);

/* Runs until the worker has left. */
void driver_run(struct driver *driver);

#endif
