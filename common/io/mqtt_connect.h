/* mqtt_connect.h - the blocking part of connecting to a broker: files, DNS, TCP, the first step of TLS. */
#ifndef SKEP_MQTT_CONNECT_H
#define SKEP_MQTT_CONNECT_H

#include "mqtt_target.h"

struct mosquitto;

/* For a thread of the pool; nobody else may touch `mosquitto` meanwhile. OK: CONNECT is sent or waits for TLS, and what
 * comes of it is read from the socket. Else ERR_NOMEM, ERR_NOT_FOUND, ERR_REFUSED, ERR_UNREACHABLE or ERR_IO with a
 * sentence. `logged` is the first error that libmosquitto logged, filled by the log callback while this runs. */
enum err mqtt_connect(const struct mqtt_target *target, struct mosquitto *mosquitto, const struct errbuf *logged,
                      struct errbuf *e);

/* What a fault of TLS comes down to: "TLS with localhost:8883 failed: the broker's certificate has expired". */
enum err mqtt_connect_tls_fault(const struct mqtt_target *target, const struct errbuf *logged, struct errbuf *e);

#endif
