#include "resolver.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fd.h"

#define RUNNING_MAX 8 /* threads of this process, with those that were given up */

/* Who comes last, the thread or its owner, destroys it. */
enum { LOOKING_UP, DONE, ABANDONED };

struct resolver {
    atomic_int state;
    int fd; /* an eventfd */
    char *host;
    struct resolved resolved; /* these two by the thread, until it is done */
    int fault;
};

static atomic_int running;

/* EAI_* */
static int look_up(const char *host, int flags, struct resolved *ret)
{
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags };
    struct addrinfo *list;
    int fault = getaddrinfo(host, NULL, &hints, &list);
    ret->count = 0;
    if (fault != 0)
        return fault;
    for (const struct addrinfo *at = list; at && ret->count < RESOLVED_MAX; at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, ret->at[ret->count], NUMERIC_HOST_SIZE, NULL, 0, NI_NUMERICHOST) ==
            0)
            ret->count++;
    freeaddrinfo(list);
    return ret->count > 0 ? 0 : EAI_NONAME;
}

bool resolver_is_numeric(const char *host, struct resolved *ret)
{
    return look_up(host, AI_NUMERICHOST, ret) == 0;
}

static void destroy(struct resolver *resolver)
{
    fd_close(resolver->fd);
    free(resolver->host);
    free(resolver);
}

static void *run(void *object)
{
    struct resolver *resolver = object;
    resolver->fault = look_up(resolver->host, 0, &resolver->resolved);
    (void)!eventfd_write(resolver->fd, 1); /* first: it may be gone once it is done */
    if (atomic_exchange(&resolver->state, DONE) == ABANDONED)
        destroy(resolver);
    atomic_fetch_sub(&running, 1);
    return NULL;
}

/* Signals are for the program's own threads. */
static bool start_thread(struct resolver *resolver)
{
    sigset_t all, before;
    pthread_t thread;
    bool started;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(&thread, NULL, run, resolver) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_detach(thread);
    return started;
}

enum err resolver_start(const char *host, struct resolver **ret, struct errbuf *e)
{
    struct resolver *resolver = calloc(1, sizeof *resolver);
    bool is_full;
    if (!resolver)
        return err_set(e, ERR_NOMEM, "cannot resolve '%s': out of memory", host);
    resolver->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    resolver->host = strdup(host);
    is_full = atomic_fetch_add(&running, 1) >= RUNNING_MAX;
    if (!is_full && resolver->fd >= 0 && resolver->host && start_thread(resolver)) {
        *ret = resolver;
        return OK;
    }
    atomic_fetch_sub(&running, 1);
    destroy(resolver);
    return is_full
               ? err_set(e, ERR_FULL, "cannot resolve '%s': %d earlier queries have not ended yet", host, RUNNING_MAX)
               : err_set(e, ERR_IO, "cannot resolve '%s': out of descriptors, memory or threads", host);
}

int resolver_fd(const struct resolver *resolver)
{
    return resolver->fd;
}

bool resolver_take(struct resolver *resolver, struct resolved *ret, int *ret_fault)
{
    if (atomic_load(&resolver->state) != DONE)
        return false;
    *ret = resolver->resolved;
    *ret_fault = resolver->fault;
    return true;
}

void resolver_free(struct resolver *resolver)
{
    if (resolver && atomic_exchange(&resolver->state, ABANDONED) == DONE)
        destroy(resolver);
}
