/* fleet_numbers.h - GET /v1/fleet: the fleet in numbers, by state, hive, model and version. Of hives, models and
 * versions the largest, and the sum of the others. Gathered in slices (slices.h). */
#ifndef SKEP_FLEET_NUMBERS_H
#define SKEP_FLEET_NUMBERS_H

#include "slices.h"

#define FLEET_LIMIT_DEFAULT 100
#define FLEET_LIMIT_MAX 1000

/* With so many of each. ERR_NOMEM. */
enum err fleet_numbers_new(size_t limit, struct listing **ret);

#endif
