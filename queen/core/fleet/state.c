#include "state.h"

#define TO(state) (1u << STATE_##state)

/* What may follow what. Everybody may be forgotten, which removes the record and is no state. What a stored copy
 * of a later process or connection contradicts goes back to `unverified`. */
static const unsigned followers[STATE_COUNT] = {
    [STATE_NONE] = TO(UNVERIFIED) | TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_UNVERIFIED] = TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_ONLINE] = TO(SUSPECT) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_SUSPECT] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_STALE] = TO(UNVERIFIED) | TO(ONLINE) | TO(ZOMBIE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_ZOMBIE] = TO(UNVERIFIED) | TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE) | TO(UNREACHABLE),
    [STATE_OFFLINE] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE),
    [STATE_UNREACHABLE] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(ZOMBIE) | TO(OFFLINE),
};

/* A hive starts anew with every process that announces itself, and counts as ready when it was asked. */
static const unsigned hive_followers[STATE_COUNT] = {
    [STATE_NONE] = TO(UNVERIFIED) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_UNVERIFIED] = TO(ONLINE) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_ONLINE] = TO(UNVERIFIED) | TO(SUSPECT) | TO(STALE) | TO(OFFLINE),
    [STATE_SUSPECT] = TO(UNVERIFIED) | TO(ONLINE) | TO(STALE) | TO(OFFLINE),
    [STATE_STALE] = TO(UNVERIFIED) | TO(OFFLINE),
    [STATE_OFFLINE] = TO(UNVERIFIED),
};

bool state_may_follow(bool is_hive, enum state from, enum state to)
{
    const unsigned *followers_of = is_hive ? hive_followers : followers;
    return (unsigned)from < STATE_COUNT && (unsigned)to < STATE_COUNT && (followers_of[from] & (1u << to)) != 0;
}
