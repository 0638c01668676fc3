/* beat_age.h - how old a message is: the expiry that was set (`retain_s`) minus what is left of it (R1, R15). Pure.
 *
 * Bridges and restored backups send stored copies as live messages, so a live one has an age, too. A broker may cap the
 * expiry: then all messages lack the same amount and look old. Two heartbeats of one session show that, with a rising
 * `seq`, BEAT_AGE_APART_MS or more apart, lacking the same: what was left of them is the cap. It is kept for each hive
 * (share.h), since a bridge may serve one and not another. */
#ifndef SKEP_BEAT_AGE_H
#define SKEP_BEAT_AGE_H

#include "share.h"
#include "wire.h"

#define BEAT_AGE_LIVE_MS 2000 /* what is older is a copy. Expiry counts in whole seconds: a live one may lack one */
#define BEAT_AGE_APART_MS 5000
#define BEAT_AGE_WAIT_MS 300000 /* after which another session may show the cap */

/* ms, at least 0; 0 also where it is unknown, since one of both numbers is missing. `hive` may be NULL. */
ms_t beat_age(const struct beat_age *hive, const struct message *message, int64_t retain_s);

/* A live heartbeat looks older than BEAT_AGE_LIVE_MS. Session 0 or seq -1 (absent) show nothing. */
void beat_age_note(struct beat_age *hive, const struct message *message, int64_t retain_s, uint64_t session,
                   int64_t seq, ms_t now);

#endif
