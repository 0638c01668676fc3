/* hive_requests.h - the methods that a hive answers over MQTT. */
#ifndef SKEP_HIVE_REQUESTS_H
#define SKEP_HIVE_REQUESTS_H

#include "responder.h"

extern const struct responder hive_responder; /* its `self` is the struct hive */

#endif
