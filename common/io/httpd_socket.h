/* httpd_socket.h - the sockets of a server, and what the kernel holds for them. */
#ifndef SKEP_HTTPD_SOCKET_H
#define SKEP_HTTPD_SOCKET_H

#include "address.h"

/* Resolves (blocking: for the start), binds and listens; non-blocking, close-on-exec. The caller owns *ret_fd;
 * *ret_port is the bound one. ERR_IO with a sentence. */
enum err httpd_socket_listen(const struct address *address, int *ret_fd, int *ret_port, struct errbuf *e);

/* For a connection: how much of an answer the kernel may hold for it, twice so many bytes. */
void httpd_socket_send_buffer(int fd, int bytes);

/* Memory that it takes for what the other side has not acknowledged. */
size_t httpd_socket_unsent(int fd);

/* When it is closed, that is dropped, where the kernel would go on trying to send it. */
void httpd_socket_reset_on_close(int fd);

#endif
