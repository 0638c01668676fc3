/* signal_relay.h - signals that mean nothing to the agent: they are meant for what it runs (`docker kill -s USR1`, a
 * log rotation). */
#ifndef SKEP_SIGNAL_RELAY_H
#define SKEP_SIGNAL_RELAY_H

#include "loop.h"

struct signal_relay;

/* Blocks them in this thread and in those that it starts, and calls `fn` for each that arrives (equal ones may be
 * merged). Not those that end, reload, stop or crash the agent itself, nor any that was ignored when it was started.
 * `is_sent`: a process sent it, and not the kernel for the whole process group of a terminal. ERR_NOMEM, ERR_IO, with a
 * sentence. */
enum err signal_relay_new(struct loop *loop, void (*fn)(void *user, int number, bool is_sent), void *user,
                          struct signal_relay **ret, struct errbuf *e);
void signal_relay_free(struct signal_relay *relay);

#endif
