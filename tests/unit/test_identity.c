#include "identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OWN 0xA
#define CONNECT 99
#define EMPTY 98

/* A script: CONNECTs, and what is read on the own presence topic. */
struct step {
    int presence; /* enum presence_state, EMPTY or CONNECT */
    uint64_t session;
    int64_t connection;
    enum identity_action want;
};

struct script {
    const char *why;
    struct step steps[10];
    size_t count;
    unsigned want_sights;
};

#define STEPS(...) { __VA_ARGS__ }, sizeof((struct step[]){ __VA_ARGS__ }) / sizeof(struct step)

static const struct script scripts[] = {
    { "one's own birth", STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }), 0 },
    { "an empty message: somebody cleared the topic", STEPS({ CONNECT }, { EMPTY, 0, 0, IDENTITY_HEAL }), 0 },
    { "one's own goodbye, on its way out", STEPS({ CONNECT }, { PRESENCE_OFFLINE, OWN, 1, IDENTITY_NOTHING }), 0 },
    { "a late will of the connection before",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_STALE, OWN, 1, IDENTITY_HEAL }, { PRESENCE_ONLINE, OWN, 2, IDENTITY_NOTHING }),
      0 },
    { "an earlier birth of one's own, stored",
      STEPS({ CONNECT }, { CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }), 0 },
    { "a death that names no session: a hand on mosquitto_pub",
      STEPS({ CONNECT }, { PRESENCE_STALE, 0, INT_ABSENT, IDENTITY_HEAL }), 0 },
    { "a death of this session that names no connection",
      STEPS({ CONNECT }, { PRESENCE_OFFLINE, OWN, INT_ABSENT, IDENTITY_HEAL }), 0 },
    { "a birth that names no session harms nobody",
      STEPS({ CONNECT }, { CONNECT }, { PRESENCE_ONLINE, 0, INT_ABSENT, IDENTITY_NOTHING }), 0 },

    { "first connection: the predecessor's birth is the past",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, 0xB, 4, IDENTITY_NOTHING }), 0 },
    { "first connection: the predecessor's will, late", STEPS({ CONNECT }, { PRESENCE_STALE, 0xB, 4, IDENTITY_HEAL }),
      0 },
    { "later connection: the predecessor again, rolled back by the broker",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, 0xB, 4, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_ONLINE, 0xB, 4, IDENTITY_NOTHING }, { PRESENCE_STALE, 0xB, 4, IDENTITY_HEAL }),
      0 },
    { "later connection: an unknown session",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_ONLINE, 0xC, 1, IDENTITY_SHARED }),
      1 },
    { "later connection: the death of an unknown session",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_STALE, 0xC, 1, IDENTITY_SHARED }),
      1 },
    { "the same copy twice is one sight",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_ONLINE, 0xC, 1, IDENTITY_SHARED }, { PRESENCE_ONLINE, 0xC, 1, IDENTITY_SHARED }),
      1 },
    { "on the next connection it is the second",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_ONLINE, 0xC, 1, IDENTITY_SHARED }, { CONNECT }, { PRESENCE_ONLINE, 0xC, 2, IDENTITY_SHARED }),
      2 },
    { "a sight does not make the other a known one",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, OWN, 1, IDENTITY_NOTHING }, { CONNECT },
            { PRESENCE_STALE, 0xC, 1, IDENTITY_SHARED }, { PRESENCE_STALE, 0xC, 1, IDENTITY_SHARED }),
      1 },
    { "CONNECTs that failed make no later connection: the broker came up after us",
      STEPS({ CONNECT }, { CONNECT }, { CONNECT }, { PRESENCE_ONLINE, 0xB, 4, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, OWN, 3, IDENTITY_NOTHING }, { CONNECT }, { PRESENCE_ONLINE, 0xD, 1, IDENTITY_SHARED }),
      1 },
    { "four predecessors are known, one twice",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, 1, 1, IDENTITY_NOTHING }, { PRESENCE_ONLINE, 2, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 3, 1, IDENTITY_NOTHING }, { PRESENCE_ONLINE, 3, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 4, 1, IDENTITY_NOTHING }, { CONNECT }, { PRESENCE_ONLINE, 1, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 4, 1, IDENTITY_NOTHING }),
      0 },
    { "of five the oldest is forgotten",
      STEPS({ CONNECT }, { PRESENCE_ONLINE, 1, 1, IDENTITY_NOTHING }, { PRESENCE_ONLINE, 2, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 3, 1, IDENTITY_NOTHING }, { PRESENCE_ONLINE, 4, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 5, 1, IDENTITY_NOTHING }, { CONNECT }, { PRESENCE_ONLINE, 2, 1, IDENTITY_NOTHING },
            { PRESENCE_ONLINE, 1, 1, IDENTITY_SHARED }),
      1 },
};

static enum identity_action step_apply(struct identity *identity, const struct step *step)
{
    struct presence presence;

    if (step->presence == CONNECT) {
        uint32_t before = identity->connection;
        assert_int_equal(identity_connect(identity), before + 1);
        return IDENTITY_NOTHING;
    }
    presence_init(&presence);
    presence.presence = (int8_t)step->presence;
    presence.session = step->session;
    presence.connection = step->connection;
    return identity_observe(identity, step->presence == EMPTY ? NULL : &presence);
}

static void what_follows_from_ones_own_presence(void **state)
{
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(scripts); s++) {
        struct identity identity;
        identity_init(&identity, OWN);
        for (size_t i = 0; i < scripts[s].count; i++) {
            enum identity_action got = step_apply(&identity, &scripts[s].steps[i]);
            if (got != scripts[s].steps[i].want)
                fail_msg("%s: step %zu gave %d", scripts[s].why, i, got);
        }
        if (identity.sights != scripts[s].want_sights)
            fail_msg("%s: %u sights", scripts[s].why, identity.sights);
    }
}

static void healing_is_limited_to_one_a_second(void **state)
{
    static const struct {
        const char *why;
        ms_t now, want;
    } rows[] = {
        { "the first at once", 5000, 0 },  { "at the same moment", 5000, 1000 },
        { "a moment too early", 5999, 1 }, { "waiting is not healing: still the same moment", 5999, 1 },
        { "a second later", 6000, 0 },     { "and again", 6400, 600 },
    };
    struct identity identity;

    (void)state;
    identity_init(&identity, OWN);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ms_t got = identity_heal_in(&identity, rows[i].now);
        if (got != rows[i].want)
            fail_msg("%s: %lld", rows[i].why, (long long)got);
    }
}

static void whoever_shares_an_identity_waits_longer_each_time(void **state)
{
    static const ms_t want[] = { 0, 20000, 40000, 80000, 160000, 300000, 300000 };
    struct identity identity;

    (void)state;
    identity_init(&identity, OWN);
    for (identity.sights = 0; identity.sights < ARRAY_LEN(want); identity.sights++)
        assert_int_equal(identity_yield(&identity), want[identity.sights]);
    identity.sights = UINT32_MAX;
    assert_int_equal(identity_yield(&identity), 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_follows_from_ones_own_presence),
        cmocka_unit_test(healing_is_limited_to_one_a_second),
        cmocka_unit_test(whoever_shares_an_identity_waits_longer_each_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
