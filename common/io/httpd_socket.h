/* httpd_socket.h - the listening socket of a server. */
#ifndef SKEP_HTTPD_SOCKET_H
#define SKEP_HTTPD_SOCKET_H

#include "address.h"

/* Resolves (blocking: for the start), binds and listens; non-blocking, close-on-exec. The caller owns *ret_fd;
 * *ret_port is the bound one. ERR_IO with a sentence. */
enum err httpd_socket_listen(const struct address *address, int *ret_fd, int *ret_port, struct errbuf *e);

#endif
