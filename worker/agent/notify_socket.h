/* notify_socket.h - a NOTIFY_SOCKET: a datagram socket in a directory of its own, for processes of the same user. */
#ifndef SKEP_NOTIFY_SOCKET_H
#define SKEP_NOTIFY_SOCKET_H

#include "loop.h"
#include "text.h"

struct notify_socket;

struct notify_socket_events {
    void (*received)(void *user, struct text datagram); /* each one; borrowed during the call */
    void (*drained)(void *user);                        /* those that were there were handed over */
};

/* ERR_IO with a sentence when no directory below $XDG_RUNTIME_DIR or /tmp would take it. `events` must be static. */
enum err notify_socket_new(struct loop *loop, const struct notify_socket_events *events, void *user,
                           struct notify_socket **ret, struct errbuf *e);

/* Closes the socket and removes its directory. */
void notify_socket_free(struct notify_socket *notify);

const char *notify_socket_path(const struct notify_socket *notify);

/* Reads what is there now, without waiting for the loop's next turn. */
void notify_socket_drain(struct notify_socket *notify);

#endif
