#include "mqtt_socket.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

/* Writable, when TCP is connected or has failed. SO_ERROR is empty where somebody has taken the fault already: only one
 * that is connected has a peer. */
bool mqtt_socket_has_connected(int fd, int *ret_fault)
{
    struct pollfd watched = { .fd = fd, .events = POLLOUT };
    socklen_t len = sizeof(int), peer_len = sizeof(struct sockaddr_storage);
    struct sockaddr_storage peer;
    int fault = 0;
    if (poll(&watched, 1, 0) != 1)
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) != 0)
        fault = errno;
    else if (fault == 0 && getpeername(fd, (struct sockaddr *)&peer, &peer_len) != 0)
        fault = ECONNREFUSED;
    *ret_fault = fault;
    return true;
}

size_t mqtt_socket_peek(int fd, char *ret, size_t size)
{
    ssize_t got = recv(fd, ret, size, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 ? (size_t)got : 0;
}

bool mqtt_socket_has_ended(int fd, int *ret_fault)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return false;
    *ret_fault = got == 0 ? 0 : errno;
    return true;
}

bool mqtt_socket_is_readable(int fd)
{
    struct pollfd watched = { .fd = fd, .events = POLLIN };
    return poll(&watched, 1, 0) == 1;
}

void mqtt_socket_acknowledge(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

void mqtt_socket_wake_at(int fd, int bytes)
{
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

/* The kernel makes room for what it is to wait for, and keeps it. SO_RCVBUF would end its growth, often below that. */
void mqtt_socket_widen(int fd)
{
    mqtt_socket_wake_at(fd, INT_MAX);
    mqtt_socket_wake_at(fd, 1);
}

void mqtt_socket_hold(int fd, bool is_held)
{
    int on = is_held;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
}
