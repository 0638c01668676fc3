/* mqtt_tls.h - TLS of an MQTT connection, by OpenSSL's own means: libmosquitto is connected to a numeric address, so it
 * can neither check the certificate's host name nor request the right one (SNI). One thread for each client. */
#ifndef SKEP_MQTT_TLS_H
#define SKEP_MQTT_TLS_H

#include "broker_login.h"

struct mosquitto;
struct ssl_ctx_st;

/* TLS 1.2 or later; the certificate must be for `host` (name or address) and signed by an authority of the CA file,
 * else of the system's store (or what SSL_CERT_FILE and SSL_CERT_DIR name). A key with a passphrase is refused. `host`
 * is borrowed until the context is freed; *ret is the caller's reference. ERR_NOMEM, ERR_IO with a sentence. */
enum err mqtt_tls_new(const struct broker_login *login, const char *host, struct ssl_ctx_st **ret, struct errbuf *e);
void mqtt_tls_free(struct ssl_ctx_st *context); /* NULL is fine */

/* What a line that libmosquitto logs as an error says, or more than that: where a certificate was refused, OpenSSL's
 * reason. For the log callback; borrowed like the line. */
const char *mqtt_tls_reason(struct mosquitto *mosquitto, const char *line);

/* Something of TLS was sent, so TCP was connected. */
bool mqtt_tls_has_sent(struct mosquitto *mosquitto);

/* The handshake has begun and not ended; libmosquitto's own word on what it waits for is then wrong. *ret_writable: it
 * waits until it can write, else until it can read. */
bool mqtt_tls_is_in_handshake(struct mosquitto *mosquitto, bool *ret_writable);

#endif
