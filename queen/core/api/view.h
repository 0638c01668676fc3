/* view.h - the registry as JSON for HTTP. Reads only. */
#ifndef SKEP_VIEW_H
#define SKEP_VIEW_H

#include "json_write.h"
#include "queen_state.h"

/* One worker's document; `whole` adds the evidence for the verdict and the incident that it is part of. */
void view_worker(const struct queen *queen, const struct record *record, bool whole, struct json_write *w);

/* One hive's document: `workers` counts its workers by their states; `whole` as above. */
void view_hive(const struct queen *queen, const struct record *record, bool whole, struct json_write *w);

/* The events after an id, at most `limit`: {"events":[...],"last":ID,"view":...}. */
void view_events(const struct queen *queen, uint64_t after, size_t limit, struct json_write *w);

/* The incidents behind a place (a `next`, 0 = from the start), at most `limit`; `which`: both, or those that are open,
 * or have ended: {"incidents":[...],"total":N,"next":cursor|null,"view":...}. */
enum view_incidents { INCIDENTS_ALL, INCIDENTS_OPEN, INCIDENTS_ENDED };
void view_incidents(const struct queen *queen, enum view_incidents which, uint64_t cursor, size_t limit,
                    struct json_write *w);

/* "view":"live" or "blind", as a member. */
void view_put_view(const struct queen *queen, struct json_write *w);

#endif
