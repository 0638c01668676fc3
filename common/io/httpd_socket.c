#include "httpd_socket.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "httpd_rations.h"

void httpd_socket_send_buffer(int fd, int bytes)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

/* Connections inherit them. The timeout is for what outlives its connection, or a client that has vanished. */
static void limit_memory(int fd)
{
    int receive = HTTPD_RECEIVE_BUFFER;
    unsigned timeout = HTTPD_STEP_MS;
    httpd_socket_send_buffer(fd, HTTPD_SEND_BUFFER);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof receive);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

size_t httpd_socket_unsent(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = { 0 };
    socklen_t size = sizeof info;
    (void)getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &size);
    return info[SK_MEMINFO_WMEM_QUEUED];
}

void httpd_socket_reset_on_close(int fd)
{
    struct linger at_once = { .l_onoff = 1 };
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

/* -1 with errno. */
static int bind_and_listen(const struct addrinfo *info)
{
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
    int on = 1, fault;
    if (fd < 0)
        return -1;
    limit_memory(fd);
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
