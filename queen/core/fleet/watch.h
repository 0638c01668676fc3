/* watch.h - watch time: monotonic time during which the broker link was proven and the loop ran. Pure.
 *
 * It stops at the last packet received before a loss of the link and goes on when watch_go is called (at the end marker
 * of the next snapshot). One turn of the loop adds at most what the loop meant to sleep and the pause guard, so a loop
 * that stood still (stopped, suspended, overloaded) ages nobody. And it goes no further than the socket has been read:
 * what has come in since then may be the word of whoever seems to be silent. */
#ifndef SKEP_WATCH_H
#define SKEP_WATCH_H

#include "base.h"

#define WATCH_PAUSE_GUARD 200 /* ms */
#define WATCH_SLEEP_MAX 1000  /* ms */
#define WATCH_UNREAD_MAX \
    5000 /* ms that it waits for the socket: whoever keeps that full must not hold up all verdicts */

/* Zero-initialised it has not turned yet. */
struct watch {
    ms_t time;           /* watch time, ms; starts at 0 */
    ms_t last_packet_at; /* watch time at the last packet received */
    ms_t loop_time;      /* like `time`, but the link does not count: for senders heard over HTTP */
    ms_t turned;         /* monotonic time of the last turn */
    ms_t sleep;          /* how long the loop meant to sleep at most after that turn */
    ms_t unread;         /* time that has passed, and up to which the socket has not been read */
    bool going;          /* false while the link is down or its snapshot is incomplete */
    bool started;
};

/* Goes on where an earlier process was. */
void watch_restore(struct watch *watch, ms_t time, ms_t loop_time);

/* A turn of the loop: call first with every input. `behind`: for so long the socket has not been read to its end. */
void watch_turn(struct watch *watch, ms_t now, ms_t behind);

/* What the loop will sleep at most from now on (the next deadline's distance); capped to WATCH_SLEEP_MAX. */
void watch_arm(struct watch *watch, ms_t sleep);

/* A packet came from the broker. */
void watch_prove(struct watch *watch);

void watch_go(struct watch *watch);
void watch_stop(struct watch *watch); /* falls back to the last proof */

/* How far off in monotonic time a watch-time deadline is: MS_NEVER while stopped. */
ms_t watch_until(const struct watch *watch, ms_t deadline);

#endif
