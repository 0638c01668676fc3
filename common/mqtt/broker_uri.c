#include "broker_uri.h"

static const struct {
    const char *prefix;
    bool tls;
    int port;
} schemes[] = {
    { "mqtt://", false, 1883 },
    { "mqtts://", true, 8883 },
};

static enum err uri_parse(struct text uri, struct address *ret, bool *ret_tls, struct errbuf *e)
{
    char shown[ERRBUF_SIZE / 2];
    text_to_printable(uri, shown, sizeof shown);
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct text rest = uri;
        enum err err;
        if (!text_skip(&rest, text_of(schemes[i].prefix)))
            continue;
        if (rest.len > 0 && rest.at[rest.len - 1] == '/')
            rest.len--;
        err = address_parse(rest, schemes[i].port, ret, NULL);
        if (err == ERR_RANGE || (err == OK && ret->port == 0))
            return err_set(e, ERR_RANGE, "broker '%s': the port must be 1 to 65535", shown);
        *ret_tls = schemes[i].tls;
        return err == OK
                   ? OK
                   : err_set(e, err, "broker '%s': must be %sHOST[:PORT], IPv6 in brackets", shown, schemes[i].prefix);
    }
    return err_set(e, ERR_SYNTAX, "broker '%s': must be mqtt://HOST[:PORT] or mqtts://HOST[:PORT]", shown);
}

enum err broker_uri_parse(struct text text, struct broker_list *ret, struct errbuf *e)
{
    struct broker_list list = { .count = 0 };
    struct text rest = text;
    enum err err = address_check_login(text, "broker", e);
    if (err != OK)
        return err;
    do {
        bool tls = false;
        if (list.count == BROKERS_MAX)
            return err_set(e, ERR_RANGE, "broker: more than %d URIs", BROKERS_MAX);
        if ((err = uri_parse(text_split(&rest, ','), &list.at[list.count], &tls, e)) != OK)
            return err;
        if (list.count > 0 && tls != list.tls)
            return err_set(e, ERR_CONFLICT, "broker: mqtt:// and mqtts:// cannot be mixed");
        list.tls = tls;
        list.count++;
    } while (rest.at);
    *ret = list;
    return OK;
}
