#include "notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "text.h"

/* False: the name is none that AF_UNIX can carry. A leading @ stands for the NUL of an abstract name. */
static bool address_of(const char *name, struct sockaddr_un *ret, socklen_t *ret_len)
{
    size_t len = strlen(name);
    bool is_abstract = name[0] == '@';
    if ((name[0] != '/' && !is_abstract) || len < 2 || len >= sizeof ret->sun_path)
        return false;
    *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(ret->sun_path, name, len);
    if (is_abstract)
        ret->sun_path[0] = '\0';
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (is_abstract ? 0 : 1));
    return true;
}

bool notify_send(const char *lines)
{
    const char *name = getenv("NOTIFY_SOCKET");
    struct timeval timeout = { .tv_sec = 1 }; /* a manager that does not read must not stop the loop */
    struct sockaddr_un address;
    socklen_t address_len;
    ssize_t sent;
    int fd;
    if (!name || !*name)
        return true;
    if (!address_of(name, &address, &address_len))
        return false;
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    do
        sent = sendto(fd, lines, strlen(lines), MSG_NOSIGNAL, (const struct sockaddr *)&address, address_len);
    while (sent < 0 && errno == EINTR);
    close(fd);
    return sent >= 0;
}

void notify_reloading(void)
{
    char lines[64];
    snprintf(lines, sizeof lines, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_mono_us());
    (void)notify_send(lines);
}

ms_t notify_watchdog_interval(void)
{
    const char *pid = getenv("WATCHDOG_PID");
    int64_t limit_us, watched = getpid();
    if (text_to_int(text_of(getenv("WATCHDOG_USEC")), &limit_us) != OK || limit_us <= 0 ||
        (pid && text_to_int(text_of(pid), &watched) != OK) || watched != getpid())
        return MS_NEVER;
    return ms_max(limit_us / 2000, 1);
}
