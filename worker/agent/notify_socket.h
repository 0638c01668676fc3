/* notify_socket.h - a NOTIFY_SOCKET: a datagram socket in a directory of its own, or with an abstract name.
 *
 * Whoever may send is for its owner to say, datagram by datagram: a command that root started may become another user,
 * and an abstract name is open to everyone. */
#ifndef SKEP_NOTIFY_SOCKET_H
#define SKEP_NOTIFY_SOCKET_H

#include <sys/socket.h>

#include "loop.h"
#include "text.h"

struct notify_socket;

struct notify_socket_events {
    const char *(*refuse)(void *user, const struct ucred *sender); /* why it may not send; NULL: it may */
    void (*received)(void *user, struct text datagram);            /* each one; borrowed during the call */
    void (*drained)(void *user);                                   /* those that were there were handed over */
};

/* Below $XDG_RUNTIME_DIR, $TMPDIR or /tmp; abstract where none of them takes it. ERR_IO with a sentence. `events` must
 * be static. */
enum err notify_socket_new(struct loop *loop, const struct notify_socket_events *events, void *user,
                           struct notify_socket **ret, struct errbuf *e);

/* Closes the socket and removes its directory. */
void notify_socket_free(struct notify_socket *notify);

/* As NOTIFY_SOCKET has it: with @ in front, if it is abstract. */
const char *notify_socket_name(const struct notify_socket *notify);

/* Makes it again, with the same name, if that was removed: by who cleans /tmp. Senders that had connected to the one
 * before are received as well. */
void notify_socket_restore(struct notify_socket *notify);

/* Reads what is there now, without waiting for the loop's next turn. */
void notify_socket_drain(struct notify_socket *notify);

#endif
