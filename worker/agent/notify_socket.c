#include "notify_socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "entropy.h"
#include "fd.h"
#include "log.h"
#include "notify_message.h"
#include "notify_taker.h"
#include "trust.h"

#define DIRECTORY_PREFIX "skep-worker-"
#define DIRECTORY_NAME "/" DIRECTORY_PREFIX "XXXXXX"
#define SOCKET_NAME "/notify"
#define BURST 512 /* datagrams in one turn of the loop */

struct notify_socket {
    struct sockaddr_un address;
    char name[sizeof((struct sockaddr_un *)0)->sun_path]; /* "" = none yet */
    struct loop *loop;
    int fd;
    struct loop_fd *watch;
    int removed_fd; /* the one before, whose name was removed: a sender that had connected to it still uses it */
    struct loop_fd *removed_watch;
    struct notify_taker *taker;
    struct log_limit limit;
    const struct notify_socket_events *events;
    void *user;
};

static void remove_directory(char *path)
{
    char *name = strrchr(path, '/');
    if (!name)
        return;
    unlink(path);
    *name = 0;
    rmdir(path);
}

/* Nobody reads there any more. One that is just being made has no socket yet, and stays. */
static bool is_dead(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool refused =
        fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
    fd_close(fd);
    return refused;
}

/* Not a link to elsewhere, nor somebody else's. */
static bool is_own(int parent, const char *name)
{
    struct stat status;
    return strncmp(name, DIRECTORY_PREFIX, strlen(DIRECTORY_PREFIX)) == 0 &&
           fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
           status.st_uid == getuid();
}

/* What agents of this user have left that were killed. */
static void sweep(const char *parent)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    DIR *directory = opendir(parent);
    const struct dirent *entry;
    while (directory && (entry = readdir(directory))) {
        int len;
        if (!is_own(dirfd(directory), entry->d_name))
            continue;
        len = snprintf(address.sun_path, sizeof address.sun_path, "%s/%s" SOCKET_NAME, parent, entry->d_name);
        if (len > 0 && (size_t)len < sizeof address.sun_path && is_dead(&address))
            remove_directory(address.sun_path);
    }
    if (directory)
        closedir(directory);
}

/* Its owner could put another socket in the place of ours. */
static bool is_own_folder(const char *path)
{
    int fd = -1;
    bool is_own = path && path[0] == '/' && trust_folder_find(path, TRUST_OWN, &fd, NULL) == OK && fd >= 0;
    fd_close(fd);
    return is_own;
}

/* A command that is started by root may become another user before it sends anything. */
static bool is_open_to_others(void)
{
    return geteuid() == 0;
}

static bool lets_others_pass(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && (status.st_mode & S_IXOTH);
}

/* Whatever the umask is. */
static bool open_directory(const char *path)
{
    return !is_open_to_others() || chmod(path, 0711) == 0;
}

static bool make_directory(const char *parent, struct sockaddr_un *address)
{
    int len;
    sweep(parent);
    len = snprintf(address->sun_path, sizeof address->sun_path, "%s" DIRECTORY_NAME, parent);
    return len > 0 && (size_t)len + sizeof SOCKET_NAME <= sizeof address->sun_path && mkdtemp(address->sun_path) &&
           open_directory(address->sun_path);
}

static bool bind_name(int fd, const struct sockaddr_un *address)
{
    return bind(fd, (const struct sockaddr *)address, sizeof *address) == 0 &&
           (!is_open_to_others() || chmod(address->sun_path, 0666) == 0);
}

static bool bind_below(struct notify_socket *notify, const char *parent)
{
    struct sockaddr_un *address = &notify->address;
    if (make_directory(parent, address)) {
        memcpy(strchr(address->sun_path, 0), SOCKET_NAME, sizeof SOCKET_NAME); /* make_directory left room */
        memcpy(notify->name, address->sun_path, sizeof notify->name);
        if (bind_name(notify->fd, address))
            return true;
        remove_directory(address->sun_path);
    }
    address->sun_path[0] = '\0'; /* there is nothing to remove, nor to make again */
    return false;
}

static bool bind_path(struct notify_socket *notify)
{
    const char *parents[] = { getenv("XDG_RUNTIME_DIR"), getenv("TMPDIR") };
    for (size_t i = 0; i < ARRAY_LEN(parents); i++)
        if (is_own_folder(parents[i]) && (!is_open_to_others() || lets_others_pass(parents[i])) &&
            bind_below(notify, parents[i]))
            return true;
    return bind_below(notify, "/tmp");
}

/* Read-only file systems, or full ones. */
static bool bind_abstract(struct notify_socket *notify)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    uint64_t random;
    int len;
    entropy_need(&random, sizeof random);
    len = snprintf(notify->name, sizeof notify->name, "@" DIRECTORY_PREFIX "%s" SOCKET_NAME, HEX64_TEXT(random));
    memcpy(address.sun_path + 1, notify->name + 1, (size_t)len - 1);
    return bind(notify->fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)) == 0;
}

/* -1 with errno. */
static int make_socket(void)
{
    const int on = 1;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0)
        fd = fd_close(fd);
    return fd;
}

static enum err open_socket(struct notify_socket *notify, struct errbuf *e)
{
    notify->address.sun_family = AF_UNIX;
    notify->fd = make_socket();
    if (notify->fd < 0 || (!bind_path(notify) && !bind_abstract(notify)))
        return err_set(e, ERR_IO, "cannot make the notify socket: %s", strerror(errno));
    return OK;
}

static bool find_credentials(struct msghdr *header, struct ucred *ret)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(header); part; part = CMSG_NXTHDR(header, part))
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS &&
            part->cmsg_len == CMSG_LEN(sizeof *ret)) {
            memcpy(ret, CMSG_DATA(part), sizeof *ret);
            return true;
        }
    return false;
}

/* Descriptors that came along are never this process's: to close them could block it. That they are closed is how a
 * sender of BARRIER=1 is told that all was read. */
static void take_off(struct notify_socket *notify, int fd, int flags)
{
    if (flags & MSG_CTRUNC)
        notify_taker_take(notify->taker, fd);
    else
        (void)recv(fd, NULL, 0, 0);
}

static void hand_over(struct notify_socket *notify, struct msghdr *header, struct text datagram)
{
    const char *why = NULL;
    struct ucred sender = { 0 };
    if (!find_credentials(header, &sender))
        why = "it came without credentials";
    else if (header->msg_flags & MSG_TRUNC)
        why = "it is too large";
    else
        why = notify->events->refuse(notify->user, &sender);
    if (why)
        (void)log_limited(&notify->limit, LOG_WARNING, "notification refused", "why", why, "pid", INT_TEXT(sender.pid),
                          "uid", INT_TEXT(sender.uid), NULL);
    else
        notify->events->received(notify->user, datagram);
}

/* One datagram; false when there is none. There is room for the credentials alone: that it is cut off shows
 * descriptors. */
static bool receive(struct notify_socket *notify, int fd)
{
    char bytes[NOTIFY_DATAGRAM_MAX];
    union {
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
        struct cmsghdr align;
    } control;
    struct iovec iovec = { bytes, sizeof bytes };
    struct msghdr header = {
        .msg_iov = &iovec, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
    };
    ssize_t len = fd < 0 ? -1 : recvmsg(fd, &header, MSG_PEEK);
    if (len < 0)
        return errno == EINTR;
    take_off(notify, fd, header.msg_flags);
    hand_over(notify, &header, (struct text){ bytes, (size_t)len });
    return true;
}

static void want(struct loop_fd *watch, int events)
{
    if (watch)
        loop_fd_want(watch, events);
}

void notify_socket_drain(struct notify_socket *notify)
{
    bool is_settled;
    for (int i = 0; (is_settled = notify_taker_settle(notify->taker)) && i < BURST &&
                    (receive(notify, notify->fd) || receive(notify, notify->removed_fd));
         i++)
        ;
    want(notify->watch, is_settled ? LOOP_READABLE : 0);
    want(notify->removed_watch, is_settled ? LOOP_READABLE : 0);
    notify->events->drained(notify->user);
}

static void changed(void *user)
{
    notify_socket_drain(user);
}

static void readable(void *user, int events)
{
    (void)events;
    notify_socket_drain(user);
}

static bool watch(struct notify_socket *notify)
{
    if (loop_fd_new(notify->loop, notify->fd, readable, notify, &notify->watch) != OK)
        return false;
    loop_fd_want(notify->watch, LOOP_READABLE);
    return true;
}

/* A folder that is there by now must not be somebody else's. */
static bool make_again(const struct sockaddr_un *address, int fd)
{
    struct sockaddr_un folder = *address;
    struct stat status;
    *strrchr(folder.sun_path, '/') = '\0';
    if (mkdir(folder.sun_path, 0700) != 0 && errno != EEXIST)
        return false;
    return lstat(folder.sun_path, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
           open_directory(folder.sun_path) && bind_name(fd, address);
}

void notify_socket_restore(struct notify_socket *notify)
{
    struct stat status;
    int fd;
    if (!notify->address.sun_path[0] || lstat(notify->address.sun_path, &status) == 0 || errno != ENOENT ||
        !notify_taker_settle(notify->taker))
        return;
    fd = make_socket();
    if (fd < 0 || !make_again(&notify->address, fd)) {
        (void)log_limited(&notify->limit, LOG_ERROR, "the notify socket was removed, and cannot be made again", "why",
                          strerror(errno), NULL);
        fd_close(fd);
        return;
    }
    log_at(LOG_WARNING, "the notify socket was removed; it is made again", "path", notify->address.sun_path, NULL);
    loop_fd_free(notify->removed_watch);
    notify_taker_close(notify->taker, notify->removed_fd);
    notify->removed_fd = notify->fd;
    notify->removed_watch = notify->watch;
    notify->fd = fd;
    notify->watch = NULL;
    (void)watch(notify); /* else it is read when the command is looked at */
}

enum err notify_socket_new(struct loop *loop, const struct notify_socket_events *events, void *user,
                           struct notify_socket **ret, struct errbuf *e)
{
    struct notify_socket *notify = calloc(1, sizeof *notify);
    enum err err;
    if (!notify)
        return err_set(e, ERR_NOMEM, "out of memory");
    notify->loop = loop;
    notify->fd = notify->removed_fd = -1;
    notify->events = events;
    notify->user = user;
    if ((err = notify_taker_new(loop, changed, notify, &notify->taker, e)) == OK)
        err = open_socket(notify, e);
    if (err == OK && !watch(notify))
        err = err_set(e, ERR_IO, "cannot watch the notify socket");
    if (err != OK) {
        notify_socket_free(notify);
        return err;
    }
    *ret = notify;
    return OK;
}

void notify_socket_free(struct notify_socket *notify)
{
    if (!notify)
        return;
    loop_fd_free(notify->removed_watch);
    notify_taker_close(notify->taker, notify->removed_fd);
    loop_fd_free(notify->watch);
    notify_taker_close(notify->taker, notify->fd);
    notify_taker_free(notify->taker);
    remove_directory(notify->address.sun_path); /* "" where the name is abstract */
    free(notify);
}

const char *notify_socket_name(const struct notify_socket *notify)
{
    return notify->name;
}
