/* mqtt_fault.h - the faults of libmosquitto (MOSQ_ERR_*), as callers and as people see them. Part of mqtt_client. */
#ifndef SKEP_MQTT_FAULT_H
#define SKEP_MQTT_FAULT_H

#include "err.h"

enum mqtt_stage { MQTT_CONNECTING, MQTT_AWAITING_CONNACK, MQTT_UP }; /* TCP; TLS and CONNACK; after it */

/* What is not known is ERR_IO. */
enum err mqtt_fault_err(int fault);

/* How a connection ended. */
struct mqtt_fault {
    enum mqtt_stage stage;
    bool tls;
    const char *broker; /* as it was configured */
    const char *logged; /* the first error that libmosquitto has logged; "" = none */
    int fault, number;  /* MOSQ_ERR_*, and the errno that goes with MOSQ_ERR_ERRNO */
};

/* One sentence. */
void mqtt_fault_describe(const struct mqtt_fault *fault, struct errbuf *ret);

#endif
