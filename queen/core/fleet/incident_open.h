/* incident_open.h - which announcements open an incident, and which end it. Pure.
 *
 * Workers inside the incident of their hive, or of a storm, open none of their own: those that are unreachable, and
 * those that a storm held, but for those whose end is known by a witness (R9, R11). An open one is of what was
 * announced last: that of a zombie that dies is that of a loss. Whatever opens one may fail with ERR_NOMEM. */
#ifndef SKEP_INCIDENT_OPEN_H
#define SKEP_INCIDENT_OPEN_H

#include "incident_book.h"
#include "record.h"

#define INCIDENT_BLIND_MS 30000

/* Zero-initialise it. */
struct incidents {
    struct incident_book book;
    ms_t blind_due;       /* monotonic: that the queen is blind is an incident; MS_NEVER = it sees, or that is open */
    uint64_t blind_event; /* the event that it is blind; 0 = there was none */
    uint64_t checked;     /* number: up to that one (incident_unchecked) */
};

/* What is announced of the record was announced just now, also that it is forgotten. */
enum err incident_announced(struct incidents *incidents, const struct record *record);

/* The same of what an earlier process announced, in a verdict that the store has not. */
enum err incident_restored(struct incidents *incidents, const struct record *record, const struct record_row *row);

/* A storm begins with that event of the fleet at wall time `wall`, and ends; one may be open that an earlier process
 * has announced. */
enum err incident_storm(struct incidents *incidents, uint64_t event_id, ms_t wall);
bool incident_storm_is_open(const struct incidents *incidents);
void incident_storm_ended(struct incidents *incidents, ms_t wall);

/* The queen is blind from monotonic time `now` on, which was that event (0 = none); INCIDENT_BLIND_MS later that is an
 * incident (where there was no event, with an id that none has), until it sees again. */
void incident_blind(struct incidents *incidents, uint64_t event_id, ms_t now);
enum err incident_tick(struct incidents *incidents, ms_t now, ms_t wall, uint64_t unused_id);
void incident_seeing(struct incidents *incidents, ms_t wall);

/* When all that is stored is known: each one is looked at once; NULL: all were. One that an earlier process left open
 * ends with what was announced of its subject, or with nobody's (NULL) being there. */
const struct incident *incident_unchecked(struct incidents *incidents);
void incident_check(struct incidents *incidents, const struct incident *incident, const struct record *subject,
                    ms_t wall);

/* From the store. ERR_RANGE: no queen has written that. */
enum err incident_restore(struct incidents *incidents, const struct store_row *row);

/* The next one that the store has not as it is. */
bool incident_next_row(struct incidents *incidents, struct store_row *ret);

#endif
