/* view.h - the registry as JSON for HTTP. Reads only. */
#ifndef SKEP_VIEW_H
#define SKEP_VIEW_H

#include "json_write.h"
#include "queen_state.h"

/* One worker's document; `whole` adds the evidence for the verdict and its incident. */
void view_worker(const struct queen *queen, const struct record *record, bool whole, struct json_write *w);

/* One hive's document: `workers` counts its workers by their states; `whole` as above. */
void view_hive(const struct queen *queen, const struct record *record, bool whole, struct json_write *w);

/* The events after an id, at most `limit`: {"events":[...],"last":ID,"view":...}. */
void view_events(const struct queen *queen, uint64_t after, size_t limit, struct json_write *w);

/* "view":"live" or "blind", as a member. */
void view_put_view(const struct queen *queen, struct json_write *w);

#endif
