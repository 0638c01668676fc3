/* hive_api.h - what a hive answers: its health and its workers over MQTT and HTTP (hive_http), commands over MQTT.
 * Both write the same documents. */
#ifndef SKEP_HIVE_API_H
#define SKEP_HIVE_API_H

#include "hive_state.h"
#include "responder.h"

extern const struct responder hive_responder; /* its `self` is the struct hive */

#endif
