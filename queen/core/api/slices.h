/* slices.h - answers that are made slice by slice, as their client takes them (routes.h): what all kinds of them have
 * in common. Between two slices an answer holds numbers, and no pointer into the registry. */
#ifndef SKEP_SLICES_H
#define SKEP_SLICES_H

#include "queen_state.h"
#include "routes.h"

#define SLICE_BYTES (64u * 1024)
#define SLICE_COST 20000 /* in units of about 50 ns */

/* Each kind embeds one as its first member. */
struct listing {
    const struct listing_kind *kind;
    struct buf *body; /* of the slice at hand; NULL before the first */
    size_t bytes;     /* that body has when the slice is full */
    unsigned cost;    /* of the slice at hand, counted by whoever makes it */
};

struct listing_kind {
    bool (*go_on)(struct queen *queen, struct listing *listing); /* appends a slice. False: it was the last one */
    ms_t (*wait)(const struct listing *listing);                 /* as queen_listing_wait; NULL: it never waits */
    size_t (*bytes)(const struct listing *listing);
    void (*free)(struct listing *listing);
};

/* It has as much as a slice may, has cost as much, or has failed. */
static inline bool slice_is_over(const struct listing *listing)
{
    const struct buf *body = listing->body;
    return listing->cost >= SLICE_COST || (body && (body->len >= listing->bytes || !buf_ok(body)));
}

#endif
