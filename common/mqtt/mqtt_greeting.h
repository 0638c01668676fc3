/* mqtt_greeting.h - what answers in place of a broker, by the first bytes that it sends. Pure. Part of mqtt_session. */
#ifndef SKEP_MQTT_GREETING_H
#define SKEP_MQTT_GREETING_H

#include "text.h"

#define MQTT_GREETING_SIZE 8 /* bytes that tell all of them apart */

/* Half a sentence with the remedy, static; NULL: it may be a broker, or nothing has come. `tls`: of a connection that
 * begins with TLS. */
const char *mqtt_greeting_fault(struct text first, bool tls);

#endif
