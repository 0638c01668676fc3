/* hive_receive.h - what a hive reads: requests, its own presence, verdicts on itself, stored witnesses. */
#ifndef SKEP_HIVE_RECEIVE_H
#define SKEP_HIVE_RECEIVE_H

#include "hive_state.h"

/* False: another hive holds the id (hive_link.h). */
bool hive_receive(struct hive *hive, const struct input *input) MUST_CHECK;

#endif
