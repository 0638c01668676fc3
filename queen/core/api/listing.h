/* listing.h - lists of workers and hives, slice by slice: {"workers":[...],"total":N,"next":cursor|null,"view":...}.
 *
 * A list in the order of first sight is written while it is scanned. A sorted one is scanned first, keeping no more
 * than its page (the best so far); then these are put in order, then written: it appends nothing before its memory is
 * known, so that it can still be refused. Workers without a value for the sort key come last, whatever the direction.
 * Of those that are to be verified it keeps as many as can be in the time of a request, and writes who was confirmed
 * and still matches; these are its total. Between two slices a listing holds numbers of records, no pointers.
 */
#ifndef SKEP_LISTING_H
#define SKEP_LISTING_H

#include "routes.h"
#include "selection.h"

/* The selection is copied. With `verified`: only what a verification begun since monotonic time `since` confirmed; the
 * listing begins those that are missing for a full page, of the first ones in order, waits for them, and goes on to the
 * next ones for those that were refuted, until its time is over. ERR_NOMEM. */
enum err listing_new(const struct selection *selection, ms_t since, struct listing **ret);

#endif
