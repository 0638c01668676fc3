#include "httpd_names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void httpd_names_init(struct httpd_names *names, const struct address *listening, bool any, const char *more)
{
    *names = (struct httpd_names){ .any = any, .beyond_loopback = !address_is_loopback(listening), .more = more };
    (void)gethostname(names->machine, sizeof names->machine - 1);
}

static bool is_address(const char *host)
{
    struct in6_addr address;
    return inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
}

static bool is_listed(const char *more, const char *host)
{
    struct text rest = text_of(more);
    while (rest.at) {
        struct text name = text_split(&rest, ',');
        if (name.len == strlen(host) && name.len > 0 && strncasecmp(name.at, host, name.len) == 0)
            return true;
    }
    return false;
}

bool httpd_names_has(const struct httpd_names *names, struct text host)
{
    struct address address;
    if (names->any)
        return true;
    if (address_parse(host, 80, &address, NULL) != OK)
        return false;
    return address_is_loopback(&address) || is_listed(names->more, address.host) ||
           (names->beyond_loopback && (is_address(address.host) || strcasecmp(address.host, names->machine) == 0));
}

/* The page's own host is the one that it sends the request to, or stands in for it (a proxy that rewrites Host). */
static bool is_own_page(const struct httpd_names *names, const char *origin, const char *host)
{
    const char *page = strstr(origin, "://");
    struct address address;
    if (!page)
        return false; /* "null", which any page can be */
    page += 3;
    return (host && strcasecmp(page, host) == 0) ||
           (address_parse(text_of(page), 80, &address, NULL) == OK && is_listed(names->more, address.host));
}

bool httpd_is_cross_site(const struct httpd_names *names, const char *fetch_site, const char *origin, const char *host)
{
    if (fetch_site && strcasecmp(fetch_site, "same-origin") != 0 && strcasecmp(fetch_site, "none") != 0)
        return true;
    return origin && !is_own_page(names, origin, host);
}
