/* mqtt_setup.h - a libmosquitto client as it must be before it connects. Part of mqtt_client. */
#ifndef SKEP_MQTT_SETUP_H
#define SKEP_MQTT_SETUP_H

#include "mqtt_events.h"

struct mosquitto;

struct mqtt_peer {
    const struct address *broker; /* as it was configured; borrowed until the session is freed */
    const char *numeric;          /* the address to connect to; borrowed during the call */
    bool tls;
    bool no_retain; /* it refuses a will that is retained, as far as is known */
};

/* Protocol, login, TLS and will; `user` is for the callbacks. On success *ret is the caller's. ERR_NOMEM, or the errors
 * of secret_read and mqtt_tls_new, with a sentence. */
enum err mqtt_setup(const struct mqtt_options *options, const struct mqtt_peer *peer, const struct publish *will,
                    void *user, struct mosquitto **ret, struct errbuf *e);

/* Reads the files of a login as mqtt_setup does, for whoever wants to know before the first attempt whether one can be
 * made. The errors of broker_login_check, secret_read and mqtt_tls_new, with a sentence. */
enum err mqtt_setup_try_files(const struct broker_login *login, struct errbuf *e);

#endif
