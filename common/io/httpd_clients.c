#include "httpd_clients.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "httpd_handlers.h"

static void make_key(const struct sockaddr *address, uint8_t ret[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    memset(ret, 0, 16);
    if (address->sa_family == AF_INET6) {
        memcpy(ret, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    } else {
        memcpy(ret, mapped, 12);
        memcpy(ret + 12, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    }
    if (memcmp(ret, mapped, 12) != 0 && !IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)ret))
        memset(ret + 8, 0, 8);
}

static bool is_loopback(const uint8_t key[16])
{
    const struct in6_addr *address = (const struct in6_addr *)(const void *)key;
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && key[12] == 127);
}

static struct peer *find(const struct clients *clients, const uint8_t key[16])
{
    struct peer *peer;
    DL_FOREACH(clients->peers, peer)
    {
        if (memcmp(peer->key, key, 16) == 0)
            return peer;
    }
    return NULL;
}

bool clients_may_enter(const struct clients *clients, const struct sockaddr *address)
{
    const struct peer *peer;
    uint8_t key[16];
    make_key(address, key);
    peer = find(clients, key);
    if (peer && clients->limit_per_peer > 0 && peer->connections >= clients->limit_per_peer)
        return false;
    return clients->count < clients->limit || is_loopback(key);
}

static struct peer *peer_get(struct clients *clients, const struct sockaddr *address)
{
    struct peer *peer;
    uint8_t key[16];
    make_key(address, key);
    if ((peer = find(clients, key)) || !(peer = calloc(1, sizeof *peer)))
        return peer;
    memcpy(peer->key, key, sizeof key);
    DL_APPEND(clients->peers, peer);
    return peer;
}

struct client *client_new(struct clients *clients, const struct sockaddr *address)
{
    struct client *client = calloc(1, sizeof *client);
    if (!client || !(client->peer = peer_get(clients, address))) {
        free(client);
        return NULL;
    }
    client->peer->connections++;
    clients->count++;
    DL_APPEND(clients->all, client);
    return client;
}

void client_free(struct clients *clients, struct client *client)
{
    struct peer *peer = client->peer;
    DL_DELETE(clients->all, client);
    clients->count--;
    if (--peer->connections == 0) {
        DL_DELETE(clients->peers, peer);
        free(peer);
    }
    free(client);
}

bool client_has_left(const struct client *client)
{
    char byte;
    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool client_may_hold(const struct clients *clients, const struct client *client, size_t bytes)
{
    size_t held = client->peer->held;
    return (held == 0 || held + bytes <= HTTPD_HELD_PER_ADDRESS) &&
           (clients->held == 0 || clients->held + bytes <= HTTPD_HELD_MAX);
}

void client_hold(struct clients *clients, struct client *client, size_t bytes)
{
    client->peer->held += bytes;
    clients->held += bytes;
}

void client_release(struct clients *clients, struct client *client, size_t bytes)
{
    client->peer->held -= bytes;
    clients->held -= bytes;
}
