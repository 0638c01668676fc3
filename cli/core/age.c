#include "age.h"

#include <inttypes.h>
#include <stdio.h>

/* Largest first; each but the last is a multiple of the next. */
static const struct unit {
    uint64_t ms;
    const char *name;
} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };

static void write_units(uint64_t age, const char *sign, char ret[AGE_SIZE])
{
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(units) && age < units[i].ms)
        i++;
    const struct unit *big = &units[i];
    const struct unit *small = i + 1 < ARRAY_LEN(units) ? &units[i + 1] : NULL;
    uint64_t rest = small ? age % big->ms / small->ms : 0;
    if (rest > 0 && big->ms > 1000)
        snprintf(ret, AGE_SIZE, "%s%" PRIu64 "%s %" PRIu64 "%s", sign, age / big->ms, big->name, rest, small->name);
    else
        snprintf(ret, AGE_SIZE, "%s%" PRIu64 "%s", sign, age / big->ms, big->name);
}

static uint64_t magnitude(ms_t value)
{
    return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

void age_to_text(ms_t age, char ret[AGE_SIZE])
{
    write_units(magnitude(age), age < 0 ? "-" : "", ret);
}

void age_difference_to_text(ms_t difference, char ret[AGE_SIZE])
{
    write_units(magnitude(difference), difference > 0 ? "+" : difference < 0 ? "-" : "", ret);
}
