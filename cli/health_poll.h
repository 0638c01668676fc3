/* health_poll.h - the start-up poll: attempts over MQTT first, and over HTTP if that brings no answer. */
#ifndef SKEP_CLI_HEALTH_POLL_H
#define SKEP_CLI_HEALTH_POLL_H

#include <sys/types.h>

#include "health_answer.h"
#include "health_target.h"
#include "mqtt_client.h"
#include "startup_poll.h"

struct health_poll_options {
    const struct health_target *target;
    struct startup_poll_options schedule; /* one attempt: a single request */
    struct mqtt_options mqtt;             /* login.broker NULL: not over MQTT */
    const char *root;
    const char *http_url; /* NULL: not over HTTP */
    const char *name;     /* of the target, for people */
    pid_t pid;            /* of the process whose answers count; 0 = any */
    pid_t child;          /* whose end ends the poll; 0 = none */
};

enum health_outcome_kind {
    HEALTH_READY,   /* pass or warn */
    HEALTH_FAILING, /* the last attempt was answered, with fail */
    HEALTH_SILENT,  /* the last attempt brought no answer */
    HEALTH_DIED,    /* the child ended */
};

struct health_outcome {
    enum health_outcome_kind kind;
    struct health_answer answer; /* of READY and FAILING */
    const char *path;            /* "mqtt" or "http", likewise */
    int64_t attempt;
    ms_t elapsed;
    int wait_status;   /* of DIED, as waitpid gives it */
    int64_t other_pid; /* of another process that answered the last attempt, INT_ABSENT = unknown; 0 = none did */
};

/* Blocks until the outcome is known, and says on stderr what each attempt but a successful first one brought. Errors:
 * those of mqtt_client_new, ERR_NOMEM, ERR_IO. */
enum err health_poll_run(const struct health_poll_options *options, struct health_outcome *ret, struct errbuf *e);

#endif
