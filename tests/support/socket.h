/* socket.h - loopback sockets for tests. All are close-on-exec; -1 with errno on failure. */
#ifndef TEST_SOCKET_H
#define TEST_SOCKET_H

/* Listens on 127.0.0.1; `port` 0 = a free one. */
int socket_listen(int port);

/* Connects to 127.0.0.1, blocking. */
int socket_connect(int port);

/* The local port of a socket. */
int socket_port(int fd);

/* Listens on 127.0.0.1, but its backlog is full: who connects is neither accepted nor refused, until somebody accepts.
 * (The connection in the backlog is left open for good.) */
int socket_black_hole(void);

/* A port that was free a moment ago; -1 if there is none. */
int socket_free_port(void);

#endif
