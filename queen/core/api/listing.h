/* listing.h - lists of workers as they are handed out: slice by slice. */
#ifndef SKEP_LISTING_H
#define SKEP_LISTING_H

#include "routes.h"
#include "selection.h"

/* ERR_NOMEM. */
enum err listing_new(struct queen *queen, const struct selection *selection, ms_t since, struct listing **ret);

#endif
