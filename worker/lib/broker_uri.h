/* broker_uri.h - mqtt://host[:port] and mqtts://host[:port]; IPv6 in brackets. Pure. */
#ifndef SKEP_BROKER_URI_H
#define SKEP_BROKER_URI_H

#include "text.h"

#define BROKER_HOST_SIZE 256

struct broker_uri {
    char host[BROKER_HOST_SIZE];
    int port;
    bool tls;
};

/* ERR_SYNTAX or ERR_RANGE with a sentence; *ret untouched on failure. */
enum err broker_uri_parse(const char *uri, struct broker_uri *ret, struct errbuf *e);

#endif
