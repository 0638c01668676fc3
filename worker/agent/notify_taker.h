/* notify_taker.h - takes datagrams that carry descriptors off a socket, in processes of their own.
 *
 * Who receives a descriptor closes it, and that can wait for whoever sent it: a TCP socket that lingers, a file of a
 * FUSE daemon. To look (MSG_PEEK) without room for descriptors closes none. A process that ends does not linger, and
 * where it waits all the same nobody waits for it. */
#ifndef SKEP_NOTIFY_TAKER_H
#define SKEP_NOTIFY_TAKER_H

#include "loop.h"

struct notify_taker;

#define NOTIFY_TAKERS_MAX 8 /* processes that have not ended yet */

/* `changed` is called when notify_taker_settle may be true again. ERR_NOMEM, ERR_IO with a sentence. */
enum err notify_taker_new(struct loop *loop, void (*changed)(void *user), void *user, struct notify_taker **ret,
                          struct errbuf *e);
void notify_taker_free(struct notify_taker *taker); /* NULL is fine */

/* The first datagram of this socket is to be taken off, from the next notify_taker_settle on. */
void notify_taker_take(struct notify_taker *taker, int fd);

/* True: it was, or there is none. False: nothing may be received from that socket yet. Begins that, and tries again
 * where no process could be started, or one was killed. */
bool notify_taker_settle(struct notify_taker *taker);

/* Closes a socket, or leaves that to the end of this process where descriptors wait in it: that does not linger. */
void notify_taker_close(const struct notify_taker *taker, int fd);

#endif
