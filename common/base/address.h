/* address.h - "host:port" as options and URIs write it. Pure. */
#ifndef SKEP_ADDRESS_H
#define SKEP_ADDRESS_H

#include "text.h"

#define ADDRESS_HOST_SIZE 256
#define ADDRESS_PORT_NEEDED (-1)

struct address {
    char host[ADDRESS_HOST_SIZE]; /* without brackets */
    int port;
};

/* Reads host:port or [v6]:port; the port may be left out if `default_port` is one. Port 0 is accepted. ERR_SYNTAX or
 * ERR_RANGE with a sentence; *ret untouched on failure. */
enum err address_parse(struct text t, int default_port, struct address *ret, struct errbuf *e);

/* By its text: 127/8, ::1, localhost. */
bool address_is_loopback(const struct address *address);

#endif
