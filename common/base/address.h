/* address.h - "host:port" as options and URIs write it. Pure. */
#ifndef SKEP_ADDRESS_H
#define SKEP_ADDRESS_H

#include "text.h"

#define ADDRESS_HOST_SIZE 256
#define ADDRESS_TEXT_SIZE (ADDRESS_HOST_SIZE + 16)
#define ADDRESS_PORT_NEEDED (-1)

struct address {
    char host[ADDRESS_HOST_SIZE]; /* without brackets */
    int port;
};

/* Reads host:port or [v6]:port; the port may be left out if `default_port` is one. Port 0 is accepted. ERR_SYNTAX or
 * ERR_RANGE with a sentence; *ret untouched on failure. */
enum err address_parse(struct text t, int default_port, struct address *ret, struct errbuf *e);

/* ERR_REFUSED, with a sentence that begins with `label` and quotes nothing, for a URI with a user or a password. */
enum err address_check_login(struct text uri, const char *label, struct errbuf *e);

/* Writes host:port, as options and URIs have it: a host that is an IPv6 address gets brackets. */
void address_print(const char *host, int port, char ret[ADDRESS_TEXT_SIZE]);

/* `word` as a sentence may show it: another text in place of what may be a URI with a password. */
const char *address_shown(const char *word);

/* By its text: 127/8, ::1, localhost. */
bool address_is_loopback(const struct address *address);

#endif
