#include "age.h"

#include <inttypes.h>

/* Largest first; each is a multiple of the next. */
static const struct unit {
    uint64_t ms;
    const char *name;
} units[] = { { 86400000, "d" }, { 3600000, "h" }, { 60000, "m" }, { 1000, "s" }, { 1, "ms" } };

void age_add(struct buf *ret, ms_t age, const char *plus)
{
    uint64_t magnitude = age < 0 ? -(uint64_t)age : (uint64_t)age, rest;
    const struct unit *unit = units;
    while (unit->ms > 1 && magnitude < unit->ms)
        unit++;
    buf_printf(ret, "%s%" PRIu64 "%s", age < 0 ? "-" : age > 0 ? plus : "", magnitude / unit->ms, unit->name);
    rest = unit->ms > 1000 ? magnitude % unit->ms / unit[1].ms : 0;
    if (rest > 0)
        buf_printf(ret, " %" PRIu64 "%s", rest, unit[1].name);
}
