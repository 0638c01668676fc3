/* httpd_names.h - whose requests a server takes, by the names that they carry. A web page can have its own name point
 * at this machine (DNS rebinding), and can have its user's browser send requests to it from elsewhere (cross-site): it
 * must not speak for that user. An address in the place of a name cannot be made to point here. */
#ifndef SKEP_HTTPD_NAMES_H
#define SKEP_HTTPD_NAMES_H

#include "address.h"

struct httpd_names {
    bool any;             /* every name is one of this server */
    bool beyond_loopback; /* it listens at more than the loopback: every address is, and the machine's name */
    const char *more;     /* further names as httpd_names_check takes them; borrowed, NULL = none */
    char machine[256];
};

/* Whether `more` is names and addresses without ports, with commas between, and blanks or not. NULL is fine. ERR_SYNTAX
 * with a sentence, for one that no request can have. */
enum err httpd_names_check(const char *more, struct errbuf *e);

void httpd_names_init(struct httpd_names *names, const struct address *listening, bool any, const char *more);

/* Whether `host`, with or without a port, names this server. "queen.example." is the same name as without its dot. */
bool httpd_names_has(const struct httpd_names *names, struct text host);

/* Whether it could be one at all: a name or an address, with or without a port, or nothing. */
bool httpd_names_is_host(struct text host);

/* By the fields Sec-Fetch-Site, Origin and Host of a request, NULL where it has none: whether a browser sends it for a
 * page of another site. */
bool httpd_is_cross_site(const struct httpd_names *names, const char *fetch_site, const char *origin, const char *host);

#endif
