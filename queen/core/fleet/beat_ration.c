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
    struct share *share;
    if (behind < RATION_BEHIND_MS || is_alone(&registry->shares) || !(share = share_find(&registry->shares, hive)) ||
        bucket_take_many(&share->beats, (int64_t)bytes + RATION_BEAT_BYTES, size_for(share), now))
        return true;
    registry_note_pressure(registry, PRESSURE_HEARTBEATS, share, false);
    return false;
}
