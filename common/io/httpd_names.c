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

/* One form of each IPv6 address, and of a name, which may have a dot at its end: it is complete then. An address may
 * not: whose name that is, a resolver might say. */
static bool host_normalise(char host[ADDRESS_HOST_SIZE])
{
    struct in6_addr address;
    size_t len = strlen(host);
    if (inet_pton(AF_INET6, host, &address) == 1)
        return inet_ntop(AF_INET6, &address, host, ADDRESS_HOST_SIZE);
    if (len < 2 || host[len - 1] != '.')
        return true;
    host[len - 1] = '\0';
    return !is_address(host);
}

/* Behind the colon there need not be a port (RFC 9110). */
static bool host_read(struct text host, struct address *ret)
{
    if (host.len > 0 && host.at[host.len - 1] == ':')
        host.len--;
    return address_parse(host, 80, ret, NULL) == OK && host_normalise(ret->host);
}

bool httpd_names_is_host(struct text host)
{
    struct address address;
    return host.len == 0 || host_read(host, &address);
}

static bool entry_read(struct text entry, char ret[ADDRESS_HOST_SIZE])
{
    if (entry.len == 0 || entry.len >= ADDRESS_HOST_SIZE || entry.at[0] == '.')
        return false;
    memcpy(ret, entry.at, entry.len);
    ret[entry.len] = '\0';
    return (is_address(ret) || text_consists_of(entry, ".-_")) && host_normalise(ret);
}

enum err httpd_names_check(const char *more, struct errbuf *e)
{
    struct text rest = text_of(more);
    char host[ADDRESS_HOST_SIZE];
    while (rest.at) {
        struct text entry = text_trim(text_split(&rest, ','));
        if (!entry_read(entry, host))
            return err_set(e, ERR_SYNTAX,
                           "'%.*s' is no name or address: write them with commas between, without http://, ports, "
                           "brackets or *, e.g. queen.example,2001:db8::7",
                           (int)entry.len, entry.at);
    }
    return OK;
}

static bool is_listed(const char *more, const char *host)
{
    struct text rest = text_of(more);
    char listed[ADDRESS_HOST_SIZE];
    while (rest.at)
        if (entry_read(text_trim(text_split(&rest, ',')), listed) && strcasecmp(listed, host) == 0)
            return true;
    return false;
}

bool httpd_names_has(const struct httpd_names *names, struct text host)
{
    struct address address;
    if (names->any)
        return true;
    if (!host_read(host, &address))
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
           (host_read(text_of(page), &address) && is_listed(names->more, address.host));
}

bool httpd_is_cross_site(const struct httpd_names *names, const char *fetch_site, const char *origin, const char *host)
{
    if (fetch_site && strcasecmp(fetch_site, "same-origin") != 0 && strcasecmp(fetch_site, "none") != 0)
        return true;
    return origin && !is_own_page(names, origin, host);
}
