/* httpd_exchange.h - one request to a server and its answer. */
#ifndef SKEP_HTTPD_EXCHANGE_H
#define SKEP_HTTPD_EXCHANGE_H

#include <microhttpd.h>

#include "httpd_state.h"

/* libmicrohttpd's callbacks: with the request line, before the header, where what is returned comes along as the
 * context; when the header is complete, for each piece of the body, and at its end; and for a request that is over.
 * The last one it leaves out for a request that it refuses for want of its own memory (0.9.75). */
void *exchange_new(void *httpd, const char *target, struct MHD_Connection *connection);
enum MHD_Result exchange_receive(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *piece, size_t *piece_len, void **context);
void exchange_over(void *user, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how);
void exchange_free(struct exchange *exchange); /* NULL is fine */

void exchange_serve(struct exchange *exchange);   /* one that is queued: by its handler, or by its next slice */
void exchange_requeue(struct exchange *exchange); /* one that waits */
void exchange_drop(struct exchange *exchange);    /* its connection ends in the next run of libmicrohttpd */

#endif
