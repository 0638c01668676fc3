/* feed_fields.h - which heartbeat fields a feed has set, so that they can be withdrawn when it is lost. Pure. */
#ifndef SKEP_FEED_FIELDS_H
#define SKEP_FEED_FIELDS_H

#include "buf.h"
#include "msg_fields.h"
#include "text.h"

#define FEED_STATUS_LOST "unknown" /* the status of a worker whose feed had set it, and is lost */
#define FEED_PLAIN_MAX 32          /* fields of a heartbeat that are no map; a test counts them */

/* Where a name stands in the heartbeat. */
enum feed_map { FEED_PLAIN, FEED_METRICS, FEED_LABELS, FEED_MAP_COUNT };

/* Zero-initialise it; a copy is a plain assignment. */
struct feed_fields {
    struct feed_name {
        uint8_t map; /* enum feed_map */
        char name[MSG_KEY_MAX + 1];
    } names[FEED_PLAIN_MAX + MSG_GAUGES_MAX + MSG_LABELS_MAX];
    size_t count;
    bool has_status;
    bool is_draining; /* the last status was `draining` */
};

/* A line as skep_worker_merge takes it: what it sets is noted, what it takes back (null) is not any more. Whether the
 * fields exist is for the merge to say, so a copy should be used until that has succeeded. The errors of json_scan;
 * ERR_TYPE for what is no object, ERR_RANGE for a name that is too long, ERR_FULL. */
enum err feed_fields_note(struct feed_fields *fields, struct text line, struct errbuf *e);

/* Appends the object that takes all of it back, e.g. {"status":"unknown","queue_depth":null,"metrics":{"heat":null}},
 * and forgets it. */
void feed_fields_withdraw(struct feed_fields *fields, struct buf *ret);

#endif
