/* hive_poll.h - the start-up poll of hives: one that announces itself, or is known from stored copies, counts as ready
 * when it has answered `health`. The schedule is that of `skep hive start` (startup_poll.h), and so is an attempt: over
 * MQTT, and if nobody answers there over HTTP, where that is allowed (ask.h).
 *
 * HIVE_POLLS_RUNNING attempts are out at once, half of which are kept for polls that begin. An unanswered poll begins
 * again when the hive is next heard of, but not within HIVE_POLL_PAUSE_MS. A lost link ends all of them: what is heard
 * on the next one begins them anew. */
#ifndef SKEP_HIVE_POLL_H
#define SKEP_HIVE_POLL_H

#include "queen_state.h"

#define HIVE_POLL_PAUSE_MS 60000

/* Begins one unless it is going on, or was used up lately. */
void hive_poll_begin(struct queen *queen, struct record *hive);

/* Ends one that is going on, without a result. Reset: that it was used up counts no more, for this is another process,
 * or the hive is gone and will announce itself again. */
void hive_poll_stop(struct queen *queen, struct record *hive);
void hive_poll_reset(struct queen *queen, struct record *hive);

/* What came of a request: NULL, or the hive that is ready: the caller judges it (judge_ready). */
struct record *hive_poll_answered(struct queen *queen, const struct answer *answer);
struct record *hive_poll_http_answered(struct queen *queen, struct hive_watch *watch, const struct http_answer *http);

void hive_poll_tick(struct queen *queen);
ms_t hive_poll_deadline(const struct queen *queen); /* monotonic */
void hive_poll_link_lost(struct queen *queen);

#endif
