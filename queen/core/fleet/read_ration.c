#include "read_ration.h"

#include "rations.h"

static struct bucket_size size_for(const struct share *share)
{
    int64_t each = share ? (int64_t)share_established(share) * RATION_READ_EACH_PER_S : 0;
    return (struct bucket_size){ RATION_READ, ms_min(RATION_READ_PER_S + each, RATION_READ_MAX_PER_S) };
}

/* Nobody else has anything. */
static bool is_alone(const struct shares *shares, const struct share *share)
{
    return shares->count <= (size_t)(share != NULL) + (share_find(shares, TEXT("")) != NULL);
}

bool read_ration_allows(struct registry *registry, struct read_cost message, ms_t behind, ms_t now)
{
    struct shares *shares = &registry->shares;
    bool is_behind = behind >= RATION_BEHIND_MS;
    struct share *share;
    struct reading *reading;
    if (!is_behind && shares->rationed_until <= now)
        return true;
    share = share_find(shares, message.hive);
    if ((message.bytes <= RATION_READ_FREE && !(message.comes_again && share)) || is_alone(shares, share))
        return true;
    reading = share ? &share->reading : &shares->strangers;
    if (bucket_is_full(&reading->bytes, size_for(share), now))
        reading->rationed_until = 0;
    if (bucket_take_many(&reading->bytes, (int64_t)message.bytes + RATION_READ_EACH, size_for(share), now))
        return true;
    if (is_behind)
        reading->rationed_until = shares->rationed_until = now + RATION_READ_MS;
    if (reading->rationed_until <= now)
        return true;
    registry_note_pressure(registry, PRESSURE_MESSAGES, message.hive, false);
    return false;
}
