#include "broker_uri.h"

static bool cut_prefix(struct text *t, const char *prefix)
{
    size_t len = strlen(prefix);

    if (t->len < len || memcmp(t->at, prefix, len) != 0)
        return false;
    *t = (struct text){ t->at + len, t->len - len };
    return true;
}

/* `rest` becomes what follows the host: empty or ":port". */
static struct text cut_host(struct text *rest)
{
    const char *end = rest->len > 0 && rest->at[0] == '[' ? memchr(rest->at, ']', rest->len) : NULL;
    struct text host = *rest;

    if (end) {
        host = (struct text){ rest->at + 1, (size_t)(end - rest->at) - 1 };
        *rest = (struct text){ end + 1, rest->len - host.len - 2 };
        return host;
    }
    end = memchr(rest->at, ':', rest->len);
    if (end)
        host.len = (size_t)(end - rest->at);
    *rest = (struct text){ rest->at + host.len, rest->len - host.len };
    return host;
}

static bool host_is_fine(struct text host)
{
    for (size_t i = 0; i < host.len; i++)
        if ((unsigned char)host.at[i] <= ' ' || strchr("/?#@[]", host.at[i]))
            return false;
    return host.len > 0 && host.len < BROKER_HOST_SIZE;
}

enum err broker_uri_parse(const char *uri, struct broker_uri *ret, struct errbuf *e)
{
    struct text rest = text_of(uri), host;
    bool tls = cut_prefix(&rest, "mqtts://");
    int64_t port = tls ? 8883 : 1883;

    if (!tls && !cut_prefix(&rest, "mqtt://"))
        return err_set(e, ERR_SYNTAX, "broker %.64s: must be mqtt://host[:port] or mqtts://host[:port]", uri);
    host = cut_host(&rest);
    if (!host_is_fine(host))
        return err_set(e, ERR_SYNTAX, "broker %.64s: not a host name or address", uri);
    if (rest.len > 0 && (rest.at[0] != ':' || text_to_int((struct text){ rest.at + 1, rest.len - 1 }, &port) != OK))
        return err_set(e, ERR_SYNTAX, "broker %.64s: what follows the host must be :port", uri);
    if (port < 1 || port > 65535)
        return err_set(e, ERR_RANGE, "broker %.64s: the port must be 1 to 65535", uri);
    memcpy(ret->host, host.at, host.len);
    ret->host[host.len] = '\0';
    ret->port = (int)port;
    ret->tls = tls;
    return OK;
}
