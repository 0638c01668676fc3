#include "httpd_socket.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* -1 with errno. */
static int bind_and_listen(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
    int on = 1, fault;
    if (fd < 0)
        return -1;
    if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) && !bind(fd, info->ai_addr, info->ai_addrlen) &&
        !listen(fd, SOMAXCONN))
        return fd;
    fault = errno;
    close(fd);
    errno = fault;
    return -1;
}

static int bound_port(int fd)
{
    struct sockaddr_storage bound = { 0 };
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size))
        return -1;
    if (bound.ss_family == AF_INET6)
        return ntohs(((struct sockaddr_in6 *)&bound)->sin6_port);
    return ntohs(((struct sockaddr_in *)&bound)->sin_port);
}

static enum err say(const struct address *address, const char *why, struct errbuf *e)
{
    char text[ADDRESS_TEXT_SIZE];
    address_print(address->host, address->port, text);
    return err_set(e, ERR_IO, "cannot listen on %s: %s", text, why);
}

enum err httpd_socket_listen(const struct address *address, int *ret_fd, int *ret_port, struct errbuf *e)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    int fault, fd = -1;
    fault = getaddrinfo(address->host, INT_TEXT(address->port & UINT16_MAX), &hints, &list);
    if (fault)
        return say(address, gai_strerror(fault), e);
    for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next)
        fd = bind_and_listen(info);
    fault = errno;
    freeaddrinfo(list);
    if (fd < 0)
        return say(address, strerrordesc_np(fault), e);
    *ret_fd = fd;
    *ret_port = bound_port(fd);
    return OK;
}
