#include "proxy.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "clock.h"
#include "socket.h"

#define PAIRS_MAX 256
#define CHUNK 65536
#define SEND_LIMIT 1 /* seconds; a side that takes nothing for so long loses its link, and the thread never hangs */

struct pair {
    int fds[2]; /* client, target */
};

struct proxy {
    pthread_t thread;
    pthread_mutex_t lock; /* for all below; released while the thread sleeps in poll */
    pthread_cond_t obeyed;
    int wake; /* eventfd: there is an order */
    int port, target;
    int listener; /* -1 = refusing */
    ms_t accept_at;
    bool reset, frozen, end, ordered;
    unsigned count;
    size_t pair_count;
    struct pair pairs[PAIRS_MAX];
};

static void reset_and_close(int fd)
{
    struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static void pair_drop(struct proxy *proxy, size_t at)
{
    reset_and_close(proxy->pairs[at].fds[0]);
    reset_and_close(proxy->pairs[at].fds[1]);
    proxy->pairs[at] = proxy->pairs[--proxy->pair_count];
}

static void send_limit_set(int fd)
{
    struct timeval limit = { .tv_sec = SEND_LIMIT };
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static void pair_accept(struct proxy *proxy)
{
    int client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC);
    int target = client < 0 ? -1 : socket_connect(proxy->target);
    if (client < 0)
        return;
    send_limit_set(client);
    send_limit_set(target);
    if (target < 0 || proxy->pair_count == PAIRS_MAX) {
        reset_and_close(client);
        if (target >= 0)
            close(target);
        return;
    }
    proxy->pairs[proxy->pair_count++] = (struct pair){ { client, target } };
    proxy->count++;
}

/* False: one side ended. */
static bool forward(int from, int to)
{
    char chunk[CHUNK];
    ssize_t got = recv(from, chunk, sizeof chunk, MSG_DONTWAIT);
    ssize_t sent = 0;
    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    while (sent < got) {
        ssize_t n = send(to, chunk + sent, (size_t)(got - sent), MSG_NOSIGNAL);
        if (n < 0)
            return false;
        sent += n;
    }
    return got > 0;
}

static void proxy_obey(struct proxy *proxy)
{
    uint64_t orders;
    if (read(proxy->wake, &orders, sizeof orders) < 0)
        return;
    while (proxy->reset && proxy->pair_count > 0)
        pair_drop(proxy, 0);
    if (proxy->accept_at > 0 && proxy->listener >= 0) {
        close(proxy->listener);
        proxy->listener = -1;
    }
    proxy->reset = proxy->ordered = false;
    pthread_cond_broadcast(&proxy->obeyed);
}

static void proxy_listen(struct proxy *proxy)
{
    if (proxy->listener < 0 && clock_mono() >= proxy->accept_at) {
        proxy->accept_at = 0;
        proxy->listener = socket_listen(proxy->port);
    }
}

static nfds_t proxy_poll_set(const struct proxy *proxy, struct pollfd *ret)
{
    nfds_t len = 0;
    ret[len++] = (struct pollfd){ .fd = proxy->wake, .events = POLLIN };
    ret[len++] = (struct pollfd){ .fd = proxy->frozen ? -1 : proxy->listener, .events = POLLIN };
    for (size_t i = 0; !proxy->frozen && i < proxy->pair_count; i++) {
        ret[len++] = (struct pollfd){ .fd = proxy->pairs[i].fds[0], .events = POLLIN };
        ret[len++] = (struct pollfd){ .fd = proxy->pairs[i].fds[1], .events = POLLIN };
    }
    return len;
}

/* From the last to the first, so that a dropped pair's place is taken by one that was served already. */
static void proxy_forward(struct proxy *proxy, const struct pollfd *set, nfds_t len)
{
    for (size_t i = (len - 2) / 2; i-- > 0;) {
        int *fds = proxy->pairs[i].fds;
        bool alive = true;
        if (set[2 + 2 * i].revents)
            alive = forward(fds[0], fds[1]);
        if (alive && set[3 + 2 * i].revents)
            alive = forward(fds[1], fds[0]);
        if (!alive)
            pair_drop(proxy, i);
    }
}

static void *proxy_thread(void *user)
{
    struct proxy *proxy = user;
    struct pollfd set[2 + 2 * PAIRS_MAX];
    pthread_mutex_lock(&proxy->lock);
    while (!proxy->end) {
        nfds_t len = proxy_poll_set(proxy, set);
        pthread_mutex_unlock(&proxy->lock);
        poll(set, len, proxy->listener < 0 ? 5 : -1);
        pthread_mutex_lock(&proxy->lock);
        if (!proxy->frozen)
            proxy_forward(proxy, set, len);
        if (set[1].revents)
            pair_accept(proxy);
        if (set[0].revents)
            proxy_obey(proxy);
        proxy_listen(proxy);
    }
    pthread_mutex_unlock(&proxy->lock);
    return NULL;
}

struct proxy *proxy_start(int target)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    if (!proxy)
        return NULL;
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->obeyed, NULL);
    proxy->target = target;
    proxy->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    proxy->listener = socket_listen(0);
    proxy->port = socket_port(proxy->listener);
    if (proxy->wake < 0 || proxy->listener < 0 || pthread_create(&proxy->thread, NULL, proxy_thread, proxy)) {
        close(proxy->wake);
        close(proxy->listener);
        free(proxy);
        return NULL;
    }
    return proxy;
}

/* Hands the order that the caller has written (under the lock) to the thread. */
static void proxy_order(struct proxy *proxy)
{
    uint64_t one = 1;
    proxy->ordered = true;
    if (write(proxy->wake, &one, sizeof one) < 0)
        abort(); /* a counter that is read in every turn cannot be full */
    while (proxy->ordered && !proxy->end)
        pthread_cond_wait(&proxy->obeyed, &proxy->lock);
}

void proxy_free(struct proxy *proxy)
{
    if (!proxy)
        return;
    pthread_mutex_lock(&proxy->lock);
    proxy->end = proxy->reset = true;
    proxy_order(proxy);
    pthread_mutex_unlock(&proxy->lock);
    pthread_join(proxy->thread, NULL);
    while (proxy->pair_count > 0)
        pair_drop(proxy, 0);
    if (proxy->listener >= 0)
        close(proxy->listener);
    close(proxy->wake);
    pthread_cond_destroy(&proxy->obeyed);
    pthread_mutex_destroy(&proxy->lock);
    free(proxy);
}

int proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

void proxy_reset(struct proxy *proxy, ms_t refuse)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->reset = true;
    proxy->accept_at = refuse == MS_NEVER ? MS_NEVER : refuse > 0 ? clock_mono() + refuse : 0;
    proxy_order(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_accept(struct proxy *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->accept_at = 0;
    proxy_order(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_freeze(struct proxy *proxy, bool frozen)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->frozen = frozen;
    proxy_order(proxy);
    pthread_mutex_unlock(&proxy->lock);
}

unsigned proxy_count(struct proxy *proxy)
{
    unsigned count;
    pthread_mutex_lock(&proxy->lock);
    count = proxy->count;
    pthread_mutex_unlock(&proxy->lock);
    return count;
}
