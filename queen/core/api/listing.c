#include "listing.h"

#include <stdlib.h>

#define SLICE_BYTES (64u * 1024)

struct listing {
    struct buf text;
    size_t at;
};

enum err listing_new(struct queen *queen, const struct selection *selection, ms_t since, struct listing **ret)
{
    struct listing *listing = calloc(1, sizeof *listing);
    struct json_write w;
    if (!listing)
        return ERR_NOMEM;
    w = json_write_to(&listing->text);
    if (selection_write(queen, selection, since, &w) != OK || !buf_ok(&listing->text)) {
        queen_listing_free(listing);
        return ERR_NOMEM;
    }
    *ret = listing;
    return OK;
}

bool queen_listing_next(struct queen *queen, struct listing *listing, ms_t now, ms_t wall, struct buf *body)
{
    size_t left = listing->text.len - listing->at, count = left < SLICE_BYTES ? left : SLICE_BYTES;
    (void)queen, (void)now, (void)wall;
    buf_add(body, listing->text.at + listing->at, count);
    listing->at += count;
    return buf_ok(body) && listing->at < listing->text.len;
}

void queen_listing_free(struct listing *listing)
{
    if (!listing)
        return;
    buf_clear(&listing->text);
    free(listing);
}
