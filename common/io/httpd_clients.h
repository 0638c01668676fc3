/* httpd_clients.h - the connections of a server: how many, whose, until when each may go on as it does. */
#ifndef SKEP_HTTPD_CLIENTS_H
#define SKEP_HTTPD_CLIENTS_H

#include <sys/socket.h>

#include "base.h"

struct MHD_Connection;
struct exchange;

/* Whose connections are counted together. */
struct peer {
    uint8_t key[16]; /* IPv6, IPv4 mapped; of an IPv6 address, whose owner has 2^64 of them, the first half */
    unsigned connections;
    size_t held; /* bytes of answers that it has not taken */
    struct peer *prev, *next;
};

struct client {
    struct httpd *httpd;
    struct MHD_Connection *connection;
    int fd;
    struct peer *peer;
    struct exchange *exchange; /* the request under way; NULL = none */
    ms_t deadline;             /* it is dropped then; MS_NEVER = the server's move */
    struct client *prev, *next;
};

struct clients {
    struct peer *peers;
    struct client *all;
    unsigned count, limit, limit_per_peer; /* 0 = none; beyond `limit` only the loopback is let in */
    size_t held;
};

bool clients_may_enter(const struct clients *clients, const struct sockaddr *address);

/* Counts it. NULL: out of memory. */
struct client *client_new(struct clients *clients, const struct sockaddr *address);
void client_free(struct clients *clients, struct client *client);

/* Its owner has closed it, or shut down the sending half, which is taken for the same. */
bool client_has_left(const struct client *client);

bool client_may_hold(const struct clients *clients, const struct client *client, size_t bytes);

/* Accounts for `bytes` of an answer. */
void client_hold(struct clients *clients, struct client *client, size_t bytes);
void client_release(struct clients *clients, struct client *client, size_t bytes);

#endif
