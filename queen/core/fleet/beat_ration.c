#include "beat_ration.h"

#include "rations.h"

static struct bucket_size size_for(const struct share *share)
{
    int64_t each = (int64_t)share_established(share) * RATION_BEATS_EACH_PER_S;
    return (struct bucket_size){ RATION_BEATS, ms_min(RATION_BEATS_PER_S + each, RATION_BEATS_MAX_PER_S) };
}

/* Somebody else has something. */
static bool is_alone(const struct shares *shares)
{
    return shares->count <= 1u + (share_find(shares, TEXT("")) != NULL);
}

bool beat_ration_allows(struct registry *registry, struct text hive, size_t bytes, ms_t behind, ms_t now)
{
    struct shares *shares = &registry->shares;
    bool is_behind = behind >= RATION_BEHIND_MS;
    struct share *share;
    if ((!is_behind && shares->rationed_until <= now) || is_alone(shares) || !(share = share_find(shares, hive)))
        return true;
    if (bucket_is_full(&share->beats, size_for(share), now))
        share->rationed_until = 0;
    if (bucket_take_many(&share->beats, (int64_t)bytes + RATION_BEAT_BYTES, size_for(share), now))
        return true;
    if (is_behind)
        share->rationed_until = shares->rationed_until = now + RATION_BEATS_MS;
    if (share->rationed_until <= now)
        return true;
    registry_note_pressure(registry, PRESSURE_HEARTBEATS, share, false);
    return false;
}
