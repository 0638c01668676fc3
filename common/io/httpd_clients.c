#include "httpd_clients.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

static bool is_loopback(const uint8_t key[16])
{
    const struct in6_addr *address = (const struct in6_addr *)(const void *)key;
    return IN6_IS_ADDR_LOOPBACK(address) || (IN6_IS_ADDR_V4MAPPED(address) && key[12] == 127);
}

static void make_key(const struct sockaddr *address, uint8_t ret[16])
{
    static const uint8_t loopback[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
    static const size_t mapped_len = 12;
    if (address->sa_family == AF_INET6) {
        memcpy(ret, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 16);
    } else {
        memcpy(ret, loopback, mapped_len);
        memcpy(ret + mapped_len, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    }
    if (is_loopback(ret))
        memcpy(ret, loopback, 16);
    if (memcmp(ret, loopback, mapped_len) != 0)
        memset(ret + 8, 0, 8);
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

static unsigned present(const struct peer *peer)
{
    return peer ? peer->connections - peer->leaving : 0;
}

/* NULL: none. `own` may be NULL. */
static struct client *find_yielding(const struct clients *clients, const struct peer *own, bool any)
{
    struct client *client, *found = NULL;
    DL_FOREACH(clients->all, client)
    {
        bool is_candidate = client->peer == own || (any && present(client->peer) > present(own));
        if (is_candidate && !client->is_leaving && client->deadline != MS_NEVER &&
            (!found || client->since < found->since))
            found = client;
    }
    return found;
}

bool clients_may_enter(const struct clients *clients, const struct sockaddr *address, struct client **ret_yields)
{
    const struct peer *peer;
    uint8_t key[16];
    bool own_are_used_up, all_are_used_up;
    make_key(address, key);
    peer = find(clients, key);
    own_are_used_up = clients->limit_per_peer > 0 && present(peer) >= clients->limit_per_peer;
    all_are_used_up = clients->count - clients->leaving >= clients->limit + (is_loopback(key) ? clients->spare : 0);
    *ret_yields = NULL;
    if (own_are_used_up || all_are_used_up)
        *ret_yields = find_yielding(clients, peer, !own_are_used_up);
    return *ret_yields || (!own_are_used_up && !all_are_used_up);
}

static struct peer *peer_get(struct clients *clients, const struct sockaddr *address)
{
    struct peer *peer;
    uint8_t key[16];
    make_key(address, key);
    if ((peer = find(clients, key)) || !(peer = calloc(1, sizeof *peer)))
        return peer;
    memcpy(peer->key, key, sizeof key);
    peer->is_loopback = is_loopback(key);
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
    client_hold(clients, client, 0);
    DL_DELETE(clients->all, client);
    clients->count--;
    clients->leaving -= client->is_leaving;
    peer->leaving -= client->is_leaving;
    if (--peer->connections == 0) {
        DL_DELETE(clients->peers, peer);
        free(peer);
    }
    free(client);
}

void client_await(struct client *client, ms_t now, ms_t step)
{
    client->since = now;
    client->deadline = now + step;
}

void client_leave(struct clients *clients, struct client *client)
{
    clients->leaving += !client->is_leaving;
    client->peer->leaving += !client->is_leaving;
    client->is_leaving = true;
    client->deadline = MS_NEVER;
}

bool client_has_left(const struct client *client)
{
    char byte;
    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

bool client_may_hold(const struct clients *clients, const struct client *client, size_t bytes)
{
    size_t own = client->peer->held - client->held, all = clients->held - client->held,
           limit = HTTPD_HELD_MAX + (client->peer->is_loopback ? HTTPD_HELD_PER_PEER : 0);
    return (own == 0 || own + bytes <= HTTPD_HELD_PER_PEER) && (all == 0 || all + bytes <= limit);
}

void client_hold(struct clients *clients, struct client *client, size_t bytes)
{
    client->peer->held += bytes - client->held;
    clients->held += bytes - client->held;
    client->held = bytes;
}
