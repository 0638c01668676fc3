/* mqtt_pace.h - when a link is read: at once, or a little later, together with what comes meanwhile. Pure. Part of
 * mqtt_session.
 *
 * To be woken costs as much as to read a packet. A link is busy if a wake brought a few packets, or if many have come
 * without a pause: it is read again a little later, when there are more of them, until there were none. At 3,333
 * heartbeats a second that saves a third of the CPU time; a message waits 0.5 to 1 ms longer (bench_ingest). After a
 * publish of ours nothing waits: the answer to it may come. */
#ifndef SKEP_MQTT_PACE_H
#define SKEP_MQTT_PACE_H

#include "err.h"

#define MQTT_PACE_BUSY_BURST 4   /* packets */
#define MQTT_PACE_BUSY_STREAK 16 /* packets */
#define MQTT_PACE_PAUSE_MS 3     /* a longer pause ends a streak, and a conversation */
#define MQTT_PACE_COALESCE_MS 1  /* in which what the kernel buffers does not fill up */
#define MQTT_PACE_KEEP_MS 2      /* after a wait that brought something */

#define MQTT_PACE_AT_ONCE INT64_MIN

struct mqtt_pace {
    unsigned streak; /* packets of the latest burst, and of those before it while none was followed by a pause */
    ms_t read_at;    /* the latest burst; monotonic, as all */
    ms_t until;      /* not read until then; MQTT_PACE_AT_ONCE, as at first */
};

static inline bool mqtt_pace_waits(const struct mqtt_pace *pace)
{
    return pace->until != MQTT_PACE_AT_ONCE;
}

/* A burst has brought so many packets at `now`; something of ours was last sent at `sent_at`. Sets `until`: one that
 * was `cut`, so that more is there, goes on at once. True: the link is busy. */
bool mqtt_pace_note(struct mqtt_pace *pace, unsigned packets, bool cut, ms_t sent_at, ms_t now);

#endif
