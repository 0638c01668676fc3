/* id_range.h - the least and the greatest of some ids. Pure. */
#ifndef SKEP_ID_RANGE_H
#define SKEP_ID_RANGE_H

#include "base.h"

/* Zero-initialised it has none: no id is 0. */
struct id_range {
    uint64_t first, last;
};

/* 0 adds nothing. */
static inline void id_range_add(struct id_range *range, uint64_t id)
{
    if (id != 0 && (range->first == 0 || id < range->first))
        range->first = id;
    if (id > range->last)
        range->last = id;
}

#endif
