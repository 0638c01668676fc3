#include "identity.h"

void identity_init(struct identity *identity, uint64_t session)
{
    *identity = (struct identity){ .session = session, .healed = MS_NEVER };
}

uint32_t identity_connect(struct identity *identity)
{
    return ++identity->connection;
}

static bool session_is_known(const struct identity *identity, uint64_t session)
{
    for (size_t i = 0; i < IDENTITY_KNOWN; i++) {
        if (identity->known[i] == session)
            return true;
    }
    return false;
}

/* The oldest goes when all places are taken. */
static void session_learn(struct identity *identity, uint64_t session)
{
    if (session_is_known(identity, session))
        return;
    for (size_t i = IDENTITY_KNOWN - 1; i > 0; i--)
        identity->known[i] = identity->known[i - 1];
    identity->known[0] = session;
}

/* Several copies on one connection are one sight: a stored one may come once per subscription. */
static void sight_count(struct identity *identity)
{
    if (identity->sighted != identity->connection)
        identity->sights++;
    identity->sighted = identity->connection;
}

static bool is_foreign(const struct identity *identity, const struct presence *presence)
{
    return presence->session != 0 && presence->session != identity->session;
}

static bool is_alien_death(const struct identity *identity, const struct presence *presence)
{
    bool own = presence->session == identity->session && presence->connection == (int64_t)identity->connection;
    return presence->presence != PRESENCE_ONLINE && !own;
}

enum identity_action identity_observe(struct identity *identity, const struct presence *presence)
{
    if (identity->first == 0)
        identity->first = identity->connection;
    if (!presence)
        return IDENTITY_HEAL;
    if (is_foreign(identity, presence)) {
        if (identity->connection == identity->first)
            session_learn(identity, presence->session);
        if (!session_is_known(identity, presence->session)) {
            sight_count(identity);
            return IDENTITY_SHARED;
        }
    }
    return is_alien_death(identity, presence) ? IDENTITY_HEAL : IDENTITY_NOTHING;
}

ms_t identity_heal_in(struct identity *identity, ms_t now)
{
    if (identity->healed != MS_NEVER && now - identity->healed < IDENTITY_HEAL_EVERY)
        return IDENTITY_HEAL_EVERY - (now - identity->healed);
    identity->healed = now;
    return 0;
}

ms_t identity_yield(const struct identity *identity)
{
    ms_t yield = identity->sights > 0 ? IDENTITY_YIELD_FIRST : 0;
    for (unsigned sight = 1; sight < identity->sights && yield < IDENTITY_YIELD_MAX; sight++)
        yield *= 2;
    return ms_min(yield, IDENTITY_YIELD_MAX);
}
