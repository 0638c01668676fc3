/* resolver.h - the addresses of a host name, from a thread of its own, since getaddrinfo may block for minutes. One
 * thread starts and frees it; the result shows on a descriptor. */
#ifndef SKEP_RESOLVER_H
#define SKEP_RESOLVER_H

#include "err.h"

#define RESOLVED_MAX 16
#define NUMERIC_HOST_SIZE 64 /* an IPv6 address with its zone */

struct resolved {
    char at[RESOLVED_MAX][NUMERIC_HOST_SIZE]; /* numeric, in the order of RFC 6724; what is beyond is left out */
    size_t count;
};

/* False: `host` is a name and must be looked up. */
bool resolver_is_numeric(const char *host, struct resolved *ret);

struct resolver;

/* Starts the look-up; `host` is copied. ERR_NOMEM, ERR_IO (no thread or descriptor), ERR_FULL (look-ups that were given
 * up still run, and there are too many of them), with a sentence. */
enum err resolver_start(const char *host, struct resolver **ret, struct errbuf *e);

/* Readable a moment before it is done. The resolver's: neither read nor close it. */
int resolver_fd(const struct resolver *resolver);

/* False: not yet. With true: either *ret, which is not empty, or *ret_fault, the EAI_* code. */
bool resolver_take(struct resolver *resolver, struct resolved *ret, int *ret_fault);

/* Does not wait: a look-up that still runs is given up, and its result thrown away. NULL is fine. */
void resolver_free(struct resolver *resolver);

#endif
