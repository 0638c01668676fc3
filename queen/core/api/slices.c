#include "slices.h"

bool queen_listing_next(struct queen *queen, struct listing *listing, ms_t now, ms_t wall, struct buf *body)
{
    bool goes_on;
    queen->now = now;
    queen->wall = wall;
    listing->body = body;
    listing->bytes = body->len + SLICE_BYTES;
    listing->cost = 0;
    goes_on = listing->kind->go_on(queen, listing);
    return buf_ok(body) && goes_on;
}

ms_t queen_listing_wait(const struct listing *listing)
{
    return listing->kind->wait ? listing->kind->wait(listing) : 0;
}

size_t queen_listing_bytes(const struct listing *listing)
{
    return listing->kind->bytes(listing);
}

void queen_listing_free(struct listing *listing)
{
    if (listing)
        listing->kind->free(listing);
}
