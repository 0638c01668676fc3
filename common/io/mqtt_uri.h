/* mqtt_uri.h - the address of a broker: mqtt://host[:port] or mqtts://host[:port]. Pure. */
#ifndef SKEP_MQTT_URI_H
#define SKEP_MQTT_URI_H

#include "address.h"

struct mqtt_uri {
    struct address address;
    bool tls;
};

/* ERR_SYNTAX or ERR_RANGE with a sentence that names the URI; *ret untouched on failure. */
enum err mqtt_uri_parse(const char *uri, struct mqtt_uri *ret, struct errbuf *e);

#endif
