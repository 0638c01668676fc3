/* mqtt_verdict.h - why TLS refused a certificate. In a file of its own because OpenSSL has an ERR_STATE too. */
#ifndef SKEP_MQTT_VERDICT_H
#define SKEP_MQTT_VERDICT_H

struct mosquitto;

/* What a line that libmosquitto logs as an error says, or more than that: where a certificate was refused, OpenSSL's
 * reason. For the log callback; borrowed like the line. */
const char *mqtt_verdict(struct mosquitto *mosquitto, const char *line);

#endif
