/* httpd_clients.h - the connections of a server: how many, whose, until when each may go on as it does, and which one
 * gives way to a newcomer. */
#ifndef SKEP_HTTPD_CLIENTS_H
#define SKEP_HTTPD_CLIENTS_H

#include <sys/socket.h>

#include "base.h"
#include "httpd_rations.h"

struct MHD_Connection;
struct exchange;

/* Whose connections are counted together: an IPv4 address, 64 bits of an IPv6 one, whose owner has all of them, or the
 * loopback with all its addresses. */
struct peer {
    uint8_t key[16]; /* IPv6, IPv4 mapped; the loopback: 127.0.0.1 */
    bool is_loopback;
    unsigned connections, leaving; /* the latter of the former: dropped, and not closed yet */
    unsigned waiting[HTTPD_WAIT_KINDS];
    size_t held; /* bytes of answers that it has not taken */
    struct peer *prev, *next;
};

struct client {
    struct httpd *httpd;
    struct MHD_Connection *connection;
    int fd;
    struct peer *peer;
    struct exchange *exchange; /* the request under way; NULL = none */
    ms_t since;                /* it has the next move: to send a request, or to take an answer */
    ms_t deadline;             /* it is dropped then; MS_NEVER = the server's move */
    size_t held;
    bool is_leaving;
    bool lingers; /* libmicrohttpd has closed it; `fd` is ours, until what was sent is taken */
    struct client *prev, *next;
};

struct clients {
    struct peer *peers;
    struct client *all;
    unsigned limit, limit_per_peer; /* the latter 0 = none */
    unsigned spare;                 /* beyond `limit`, for the loopback */
    unsigned count, leaving;
    size_t held;
};

/* False: refused. Else a newcomer from `address` may enter when *ret_yields (NULL = none) has been dropped: where its
 * peer has all it may have, the one of that peer whose move is due for longest; where all are used up, of that peer or
 * one that has more connections. */
bool clients_may_enter(const struct clients *clients, const struct sockaddr *address, struct client **ret_yields);

/* Counts it. NULL: out of memory. */
struct client *client_new(struct clients *clients, const struct sockaddr *address);
void client_free(struct clients *clients, struct client *client);

/* It has the next move, for `step` ms from now on at most. */
void client_await(struct client *client, ms_t now, ms_t step);

/* It has been dropped, and counts no longer. */
void client_leave(struct clients *clients, struct client *client);

/* Its owner has closed it, or shut down the sending half, which is taken for the same. */
bool client_has_left(const struct client *client);

/* Whether it may hold `bytes` of answers; that it does, instead of what it held before. */
bool client_may_hold(const struct clients *clients, const struct client *client, size_t bytes);
void client_hold(struct clients *clients, struct client *client, size_t bytes);

#endif
