/* link_setup.h - what a new MQTT client is given before it connects, and the properties of a message. */
#ifndef SKEP_LINK_SETUP_H
#define SKEP_LINK_SETUP_H

#include "link.h"

struct mosquitto;
struct mqtt5__property;

/* Options, password, TLS and will. `user` is what the callbacks get. On success *ret is the caller's. */
enum err link_setup(const struct link_options *options, const struct publish *will, void *user, struct mosquitto **ret,
                    struct errbuf *e);

/* MOSQ_ERR_*; what was added to *ret is the caller's to free in any case. */
int link_properties(const struct publish *publish, struct mqtt5__property **ret);

#endif
