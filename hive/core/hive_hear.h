/* hive_hear.h - what a hive reads: requests, its own presence, verdicts on itself, stored witnesses. */
#ifndef SKEP_HIVE_HEAR_H
#define SKEP_HIVE_HEAR_H

#include "hive_state.h"

void hive_hear(struct hive *hive, const struct message *message);

#endif
