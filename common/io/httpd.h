/* httpd.h - an HTTP server as a guest of the loop, over libmicrohttpd (external epoll). Moves bytes, knows no routes.
 *
 * Complete requests wait in a queue, and a turn of the loop serves it for HTTPD_TURN_US: no number of clients delays
 * the loop's other guests by more. An answer is complete, or made in slices as its client takes it.
 *
 * Enforced here: body limit (413), Content-Length required for a body (411); what clients may have of it, in
 * connections, bytes and time (httpd_rations.h): an answer that there is no room for is refused (503), and a connection
 * that is late is closed.
 */
#ifndef SKEP_HTTPD_H
#define SKEP_HTTPD_H

#include "address.h"
#include "httpd_handlers.h"
#include "loop.h"

struct httpd;

/* `options` are copied, but for the address; `handlers` is borrowed for good. ERR_SYNTAX for a bad address, ERR_IO with
 * a sentence when it cannot be bound. */
enum err httpd_new(struct loop *loop, const struct httpd_options *options, const struct httpd_handlers *handlers,
                   void *user, struct httpd **ret, struct errbuf *e);
void httpd_free(struct httpd *httpd); /* closes everything */

int httpd_port(const struct httpd *httpd); /* the bound one */

/* http://HOST:PORT of the `address` that it listens at, with the port that is bound; one that stands for all addresses
 * of this machine is named `machine`. */
#define HTTPD_URL_SIZE (ADDRESS_TEXT_SIZE + 8)
void httpd_url(const struct httpd *httpd, const char *address, const char *machine, char ret[HTTPD_URL_SIZE]);

/* A connection or a request was closed for want of memory, ever. */
bool httpd_is_starved(const struct httpd *httpd);

/* Requests that wait for one of these bits are handled again, in later turns. */
void httpd_wake(struct httpd *httpd, unsigned bits);

/* True if an address (host:port) is on the loopback, by its text: 127/8, [::1], localhost. */
bool httpd_is_loopback(const char *address);

#endif
