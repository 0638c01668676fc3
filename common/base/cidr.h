/* cidr.h - lists of networks, as options write them: 10.0.0.0/8,127.0.0.1,fd00::/8. Pure.
 *
 * An IPv6 address that carries an IPv4 one (::ffff:10.1.2.3) is that IPv4 address, here and in a list; otherwise a
 * network holds only addresses of its own kind, so ::/0 holds no IPv4 address. */
#ifndef SKEP_CIDR_H
#define SKEP_CIDR_H

#include "text.h"

#define CIDR_MAX 64

struct cidr {
    bool v6;
    uint8_t bits;        /* of the prefix */
    uint8_t address[16]; /* network order; IPv4: the first four */
};

struct cidr_list {
    struct cidr at[CIDR_MAX];
    size_t count;
};

/* Reads networks with commas between them and nothing else; without /BITS it is that one address. ERR_SYNTAX (also for
 * bits that are set beyond the prefix), ERR_RANGE, ERR_FULL beyond CIDR_MAX, with a sentence; *ret untouched on
 * failure. */
enum err cidr_list_parse(struct text t, struct cidr_list *ret, struct errbuf *e);

/* The address of 4 bytes, or 16, in network order. An empty list holds none. */
bool cidr_list_has(const struct cidr_list *list, bool v6, const uint8_t *address);

/* The same of an address as text; also of localhost, which is 127.0.0.1. No other name is in any. */
bool cidr_list_has_host(const struct cidr_list *list, struct text host);

#endif
