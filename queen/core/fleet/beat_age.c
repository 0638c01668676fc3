#include "beat_age.h"

#define STEP_S 1 /* expiry counts in whole seconds */

ms_t beat_age(const struct beat_age *hive, const struct message *message, int64_t retain_s)
{
    int64_t left = message->expiry_s, set = retain_s;
    if (!message->has_expiry || retain_s < left) /* INT_ABSENT is negative */
        return 0;
    if (hive && hive->cap > 0 && left <= hive->cap + STEP_S)
        set = ms_min(retain_s, hive->cap);
    return ms_max(set - left, 0) * 1000;
}

static bool shows_cap(const struct beat_age *hive, int64_t lacks)
{
    return lacks - hive->lacks <= STEP_S && hive->lacks - lacks <= STEP_S;
}

void beat_age_note(struct beat_age *hive, const struct message *message, int64_t retain_s, uint64_t session,
                   int64_t seq, ms_t now)
{
    int64_t left = message->expiry_s, lacks = retain_s - left;
    bool same = hive->session == session, apart = now - hive->at >= BEAT_AGE_APART_MS;
    if (left > hive->cap + STEP_S) /* it was none, or is none any more */
        hive->cap = 0;
    if (session == 0 || seq < 0 || (hive->session != 0 && !same && now - hive->at < BEAT_AGE_WAIT_MS) ||
        (same && (seq <= hive->seq || !apart)))
        return;
    if (same && shows_cap(hive, lacks))
        hive->cap = ms_max(left, hive->left);
    hive->session = session;
    hive->seq = seq;
    hive->at = now;
    hive->lacks = lacks;
    hive->left = left;
}
