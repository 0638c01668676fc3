#include "notify_taker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"
#include "log.h"
#include "loop_child.h"

#define DESCRIPTORS_MAX 253 /* SCM_MAX_FD: the most that the kernel passes at once */

enum { SOCKET_PLACE, TAKEN_PLACE }; /* in the process that takes */

struct place {
    struct notify_taker *taker;
    struct loop_child *child; /* NULL: free */
};

struct notify_taker {
    struct loop *loop;
    int taken; /* an eventfd */
    struct loop_fd *watch;
    int from;              /* -1: nothing is to be taken */
    struct place *running; /* it has not ended; NULL: it is still to be started */
    struct place places[NOTIFY_TAKERS_MAX];
    struct log_limit limit, full_limit;
    void (*changed)(void *user);
    void *user;
};

/* Those without a place in the table would be closed while this process does not end yet. */
static void make_room(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* What this process has of the agent's is closed first: it may be there when the agent is not any more. */
static int take(void *user)
{
    const struct notify_taker *taker = user;
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr header = { .msg_control = &control, .msg_controllen = sizeof control };
    if (dup2(taker->from, SOCKET_PLACE) < 0 || dup2(taker->taken, TAKEN_PLACE) < 0)
        return EXIT_FAILURE;
    fd_close_above(TAKEN_PLACE);
    make_room();
    while (recvmsg(SOCKET_PLACE, &header, 0) < 0 && errno == EINTR)
        header.msg_controllen = sizeof control;
    return eventfd_write(TAKEN_PLACE, 1) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static bool was_taken(struct notify_taker *taker)
{
    eventfd_t count;
    if (eventfd_read(taker->taken, &count) != 0)
        return false;
    taker->from = -1;
    taker->running = NULL;
    return true;
}

/* One that was killed may have taken nothing: the next look finds that. */
static void ended(void *user, const struct exit_status *exit_status)
{
    struct place *place = user;
    struct notify_taker *taker = place->taker;
    (void)exit_status;
    loop_child_free(place->child);
    place->child = NULL;
    if (taker->running == place && !was_taken(taker))
        taker->running = NULL;
    else if (!taker->running)
        taker->changed(taker->user);
}

static struct place *find_place(struct notify_taker *taker)
{
    for (size_t i = 0; i < NOTIFY_TAKERS_MAX; i++)
        if (!taker->places[i].child)
            return &taker->places[i];
    return NULL;
}

static void start(struct notify_taker *taker)
{
    struct place *place = find_place(taker);
    struct loop_child_options options = { .run = take, .run_user = taker, .ended = ended, .user = place };
    struct errbuf e = { 0 };
    if (!place) {
        (void)log_limited(&taker->full_limit, LOG_WARNING,
                          "notifications are not read: descriptors that came with some cannot be closed", "processes",
                          INT_TEXT(NOTIFY_TAKERS_MAX), NULL);
        return;
    }
    if (loop_child_new(taker->loop, &options, &place->child, &e) == OK)
        taker->running = place;
    else
        (void)log_limited(&taker->limit, LOG_ERROR, "notifications are not read", "why", e.text, NULL);
}

bool notify_taker_settle(struct notify_taker *taker)
{
    if (taker->from < 0 || was_taken(taker))
        return true;
    if (!taker->running)
        start(taker);
    return false;
}

void notify_taker_take(struct notify_taker *taker, int fd)
{
    taker->from = fd;
}

static void readable(void *user, int events)
{
    struct notify_taker *taker = user;
    (void)events;
    if (was_taken(taker))
        taker->changed(taker->user);
}

enum err notify_taker_new(struct loop *loop, void (*changed)(void *user), void *user, struct notify_taker **ret,
                          struct errbuf *e)
{
    struct notify_taker *taker = calloc(1, sizeof *taker);
    if (!taker)
        return err_set(e, ERR_NOMEM, "out of memory");
    *taker = (struct notify_taker){
        .loop = loop, .from = -1, .changed = changed, .user = user, .full_limit = { .burst = 1, .every = 3600 * 1000 }
    };
    for (size_t i = 0; i < NOTIFY_TAKERS_MAX; i++)
        taker->places[i].taker = taker;
    taker->taken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (taker->taken < 0 || loop_fd_new(loop, taker->taken, readable, taker, &taker->watch) != OK) {
        notify_taker_free(taker);
        return err_set(e, ERR_IO, "cannot watch an eventfd");
    }
    loop_fd_want(taker->watch, LOOP_READABLE);
    *ret = taker;
    return OK;
}

void notify_taker_free(struct notify_taker *taker)
{
    if (!taker)
        return;
    for (size_t i = 0; i < NOTIFY_TAKERS_MAX; i++)
        loop_child_free(taker->places[i].child);
    loop_fd_free(taker->watch);
    fd_close(taker->taken);
    free(taker);
}

void notify_taker_close(const struct notify_taker *taker, int fd)
{
    struct msghdr none = { 0 };
    if (fd >= 0 && fd != taker->from && shutdown(fd, SHUT_RD) == 0 && recvmsg(fd, &none, MSG_PEEK | MSG_DONTWAIT) < 0 &&
        errno == EAGAIN)
        close(fd);
}
