#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <strings.h>

#define PORT_MAX 65535

/* Within brackets there may also stand what a v6 address and its zone are made of. */
static bool is_host(struct text host, bool bracketed)
{
    return host.len > 0 && host.len < ADDRESS_HOST_SIZE && text_consists_of(host, bracketed ? ".-_:%" : ".-_");
}

/* Splits "[host]rest" and "host:rest"; the rest begins with ':' or is empty. */
static bool split_host(struct text t, struct text *ret_host, struct text *ret_rest)
{
    bool bracketed = t.len > 0 && t.at[0] == '[';
    const char *end = memchr(t.at, bracketed ? ']' : ':', t.len);
    size_t start = bracketed ? 1 : 0;
    size_t host_end = end ? (size_t)(end - t.at) : t.len;
    size_t rest_start = host_end + (bracketed && end ? 1 : 0);
    if (bracketed && !end)
        return false;
    *ret_host = (struct text){ t.at + start, host_end - start };
    *ret_rest = (struct text){ t.at + rest_start, t.len - rest_start };
    if (bracketed && !memchr(ret_host->at, ':', ret_host->len))
        return false;
    return is_host(*ret_host, bracketed) && (ret_rest->len == 0 || ret_rest->at[0] == ':');
}

enum err address_parse(struct text t, int default_port, struct address *ret, struct errbuf *e)
{
    struct text host, rest;
    int64_t port = default_port;
    char shown[ERRBUF_SIZE / 2];
    text_to_printable(t, shown, sizeof shown);
    if (!t.at || !split_host(t, &host, &rest))
        return err_set(e, ERR_SYNTAX, "address '%s': must be host:port or [v6]:port", shown);
    if (rest.len == 0 && default_port == ADDRESS_PORT_NEEDED)
        return err_set(e, ERR_SYNTAX, "address '%s': the port is missing", shown);
    if (rest.len > 0 && (text_to_int((struct text){ rest.at + 1, rest.len - 1 }, &port) != OK || rest.at[1] == '+'))
        return err_set(e, ERR_SYNTAX, "address '%s': the port must be a number", shown);
    if (port < 0 || port > PORT_MAX)
        return err_set(e, ERR_RANGE, "address '%s': the port must be 0 to %d", shown, PORT_MAX);
    memcpy(ret->host, host.at, host.len);
    ret->host[host.len] = '\0';
    ret->port = (int)port;
    return OK;
}

enum err address_check_login(struct text uri, const char *label, struct errbuf *e)
{
    if (uri.len == 0 || !memchr(uri.at, '@', uri.len)) /* before anything is cut: a password may hold a comma */
        return OK;
    return err_set(e, ERR_REFUSED,
                   "%s: its URI must not hold a user or a password: use username and password_file (--username, "
                   "--password-file)",
                   label);
}

void address_print(const char *host, int port, char ret[ADDRESS_TEXT_SIZE])
{
    snprintf(ret, ADDRESS_TEXT_SIZE, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

const char *address_shown(const char *word)
{
    return strchr(word, '@') ? "(a word with @)" : word;
}

bool address_is_loopback(const struct address *address)
{
    struct in6_addr v6;
    struct in_addr v4;
    if (inet_pton(AF_INET, address->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, address->host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return strcasecmp(address->host, "localhost") == 0;
}
