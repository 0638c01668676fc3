#include "socket.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int socket_listen(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    if (fd < 0)
        return -1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, (void *)&address, sizeof address) ||
        listen(fd, 128)) {
        close(fd);
        return -1;
    }
    return fd;
}

int socket_connect(int port)
{
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (void *)&address, sizeof address)) {
        close(fd);
        return -1;
    }
    return fd;
}

int socket_port(int fd)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    return getsockname(fd, (void *)&address, &size) ? -1 : ntohs(address.sin_port);
}

int socket_free_port(void)
{
    int fd = socket_listen(0);
    int port = fd < 0 ? -1 : socket_port(fd);
    if (fd >= 0)
        close(fd);
    return port;
}

int socket_black_hole(void)
{
    int fd = socket_listen(0);
    if (fd >= 0 && (listen(fd, 0) || socket_connect(socket_port(fd)) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}
