#include "mqtt_uri.h"

static const struct {
    const char *prefix;
    bool tls;
    int port;
} schemes[] = {
    { "mqtt://", false, 1883 },
    { "mqtts://", true, 8883 },
};

enum err mqtt_uri_parse(const char *uri, struct mqtt_uri *ret, struct errbuf *e)
{
    struct mqtt_uri parsed;

    for (size_t i = 0; uri && i < ARRAY_LEN(schemes); i++) {
        size_t prefix = strlen(schemes[i].prefix);
        struct text rest;
        enum err err;

        if (strncmp(uri, schemes[i].prefix, prefix) != 0)
            continue;
        rest = text_of(uri + prefix);
        if (rest.len > 0 && rest.at[rest.len - 1] == '/')
            rest.len--;
        err = address_parse(rest, schemes[i].port, &parsed.address, e);
        if (err)
            return err;
        if (parsed.address.port == 0)
            return err_set(e, ERR_RANGE, "broker '%s': the port must be 1 to 65535", uri);
        parsed.tls = schemes[i].tls;
        *ret = parsed;
        return OK;
    }
    return err_set(e, ERR_SYNTAX, "broker '%s': must be mqtt://host[:port] or mqtts://host[:port]", uri ? uri : "");
}
