/* attempt.h - one blocking connect (DNS, TCP) on a thread of its own, which can be given up. Used from one thread. */
#ifndef SKEP_ATTEMPT_H
#define SKEP_ATTEMPT_H

#include "err.h"

struct attempt;
struct mosquitto;
struct address;

struct attempt_result {
    int rc;               /* MOSQ_ERR_* */
    int os_error;         /* goes with MOSQ_ERR_ERRNO */
    struct errbuf logged; /* the first error that libmosquitto logged */
};

/* Starts to connect `mosq`, which it takes with its user data and log callback. When it is over, `wake_fd` (an eventfd,
 * borrowed until then) is written to. NULL: no thread or memory; then mosq is still the caller's. */
struct attempt *attempt_start(struct mosquitto *mosq, const struct address *broker, int keep_alive_s, int wake_fd);

bool attempt_is_over(struct attempt *attempt);

/* Only when it is over: frees it and hands mosq back, without user data and log callback. */
struct mosquitto *attempt_finish(struct attempt *attempt, struct attempt_result *ret);

/* Lets go of it, at any time: the thread destroys mosq when its connect returns, and wakes nobody. */
void attempt_abandon(struct attempt *attempt);

#endif
