/* httpd.h - an HTTP server as a guest of the loop, over libmicrohttpd (external epoll). Moves bytes, knows no routes.
 *
 * Enforced here: body limit (413), Content-Length required for a body (411), connection limits, idle timeout 30 s. */
#ifndef SKEP_HTTPD_H
#define SKEP_HTTPD_H

#include "loop.h"
#include "wire.h"

struct httpd;

struct httpd_options {
    const char *address;  /* host:port, [v6]:port; port 0 = any free one */
    size_t body_limit;    /* bytes */
    unsigned connections; /* in all */
    unsigned connections_per_ip;
    bool local_names_only; /* 421 for a Host that is no name of the loopback: a web page that lets its own name point
                            * here (DNS rebinding) would else speak for the user whose browser shows it */
};

/* Fills *ret and returns 0, or returns how many ms the request shall wait (> 0): the connection is suspended and the
 * handler is called again after httpd_wake, or after that time with timed_out set. */
typedef ms_t httpd_handler(void *user, const struct http_request *request, struct http_response *ret);

/* Body for faults found here (status, one sentence): lets the program keep one error shape. */
typedef void httpd_fault(void *user, int status, const char *sentence, struct http_response *ret);

/* ERR_SYNTAX for a bad address, ERR_IO with a sentence when it cannot be bound. */
enum err httpd_new(struct loop *loop, const struct httpd_options *options, httpd_handler *handler, httpd_fault *fault,
                   void *user, struct httpd **ret, struct errbuf *e);
void httpd_free(struct httpd *httpd); /* resumes and closes everything */
DEFINE_AUTO_FREE(httpd)

int httpd_port(const struct httpd *httpd); /* the bound one */
void httpd_wake(struct httpd *httpd);      /* every waiting request is handled again, later in this turn */

/* True if an address (host:port) is on the loopback, by its text: 127/8, [::1], localhost. */
bool httpd_is_loopback(const char *address);

#endif
