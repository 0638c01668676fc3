#include "claim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define OWN 0xA
#define OTHER 0xB
#define NOW 1000
#define TAG 9

/* A claim between a broker and a holder, driven by a script, and what comes of it:
 *
 *     ack 10               PUBACK of the latest request, reason 0x10 = no subscriber
 *     seen online b        the stored presence of the id, and the session that it names (0 = none); `cleared`: an
 *                          empty message
 *     live online b        a presence that is published now; `live online b 2` on that connection, else the first
 *     reply b 5000         health of that session, which has held the id for so long; `reply 0` of an older version
 *     error                the holder answers with an error
 *     garbage; seven       the answer is no JSON; its result is no object
 *     wait 1000            time passes
 */
struct scene {
    struct claim claim;
    struct outbox outbox;
    struct arena arena;
    ms_t now;
    uint64_t token;
    char correlation[CORRELATION_SIZE];
    struct buf trace;
};

static void say(struct scene *scene, const char *what)
{
    buf_printf(&scene->trace, "%s%s", scene->trace.len ? ", " : "", what);
}

static void look(struct scene *scene, enum claim_verdict verdict)
{
    static const char *const names[] = { NULL, "free", "kept", "lost" };
    assert_false(scene->outbox.failed);
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next) {
        if (effect->kind == EFFECT_NOTICE) {
            say(scene, "notice");
            continue;
        }
        assert_int_equal(effect->kind, EFFECT_PUBLISH);
        scene->token = effect->publish.token;
        memcpy(scene->correlation, effect->publish.correlation.at, CORRELATION_SIZE - 1);
        say(scene, "ask");
    }
    outbox_reset(&scene->outbox);
    if (verdict != CLAIM_OPEN)
        say(scene, names[verdict]);
}

static void do_wait(struct scene *scene, ms_t left)
{
    while (left > 0 || claim_deadline(&scene->claim) <= scene->now) {
        ms_t due = claim_deadline(&scene->claim);
        ms_t sleep = due == MS_NEVER ? left : ms_min(ms_max(due - scene->now, 0), left);
        scene->now += sleep;
        left -= sleep;
        look(scene, claim_tick(&scene->claim, scene->now, &scene->outbox));
    }
}

static void do_presence(struct scene *scene, const char *state, unsigned session, unsigned connection, bool stored)
{
    struct presence presence;
    presence_init(&presence);
    presence.presence = strcmp(state, "online") == 0 ? PRESENCE_ONLINE : PRESENCE_STALE;
    presence.session = session;
    presence.connection = connection;
    presence.host = "host-b";
    presence.pid = 7;
    claim_seen(&scene->claim, strcmp(state, "cleared") == 0 ? NULL : &presence, stored, scene->now, &scene->outbox);
    look(scene, CLAIM_OPEN);
}

static void do_reply(struct scene *scene, const char *payload)
{
    struct message message = { .payload = text_of(payload), .correlation = text_of(scene->correlation) };
    look(scene, claim_replied(&scene->claim, &message, scene->now, &scene->arena));
}

static void do_health(struct scene *scene, unsigned session, long long held)
{
    char payload[128];
    snprintf(payload, sizeof payload, "{\"result\":{\"session\":\"%016x\",\"held_ms\":%lld}}", session, held);
    do_reply(scene, session ? payload : "{\"result\":{\"status\":\"pass\"}}");
}

static void do_step(struct scene *scene, const char *step)
{
    char word[16] = "";
    unsigned number = 0, connection = 1;
    long long amount = 0;
    if (sscanf(step, "ack %x", &number) == 1)
        look(scene, claim_acked(&scene->claim, scene->token, (uint8_t)number, scene->now, &scene->outbox));
    else if (sscanf(step, "seen %15s %x", word, &number) >= 1)
        do_presence(scene, word, number, connection, true);
    else if (sscanf(step, "live %15s %x %u", word, &number, &connection) >= 1)
        do_presence(scene, word, number, connection, false);
    else if (sscanf(step, "reply %x %lld", &number, &amount) >= 1)
        do_health(scene, number, amount);
    else if (sscanf(step, "wait %lld", &amount) == 1)
        do_wait(scene, amount);
    else if (strcmp(step, "error") == 0)
        do_reply(scene, "{\"error\":{\"code\":\"busy\",\"message\":\"\"}}");
    else if (strcmp(step, "garbage") == 0)
        do_reply(scene, "pong");
    else if (strcmp(step, "seven") == 0)
        do_reply(scene, "{\"result\":7}");
    else if (strcmp(step, "deaf") == 0)
        look(scene, claim_refused(&scene->claim, 0x87, &scene->outbox));
    else
        fail_msg("no such step: %s", step);
}

static void run(struct scene *scene, const char *script)
{
    struct text rest = text_of(script);
    while (rest.at) {
        struct text part = text_split(&rest, ';');
        char step[64];
        while (part.len > 0 && part.at[0] == ' ')
            part = (struct text){ part.at + 1, part.len - 1 };
        snprintf(step, sizeof step, "%.*s", (int)part.len, part.at);
        do_step(scene, step);
    }
}

static void set_up(struct scene *scene)
{
    *scene = (struct scene){ .now = NOW };
    scene->outbox = (struct outbox){ 0 };
    scene->arena = (struct arena){ 0 };
    claim_init(&scene->claim, &(struct claim_options){ .noun = "queen",
                                                       .id = "q1",
                                                       .health_topic = "skep/v1-rpc/queen/q1/health",
                                                       .presence_topic = "skep/v1/queen/q1/presence",
                                                       .reply_topic = "skep/v1-rpc/reply/skep:q:q1",
                                                       .session = OWN,
                                                       .key = { 1, 2 },
                                                       .tag = TAG,
                                                       .keep_alive = 10000 });
}

static void tear_down(struct scene *scene)
{
    claim_clear(&scene->claim);
    outbox_clear(&scene->outbox);
    arena_clear(&scene->arena);
    buf_clear(&scene->trace);
}

struct row {
    const char *why, *script, *want;
};

static void check(const struct row *row, ms_t held)
{
    struct scene scene;
    set_up(&scene);
    if (held >= 0)
        scene.claim.held_since = NOW - held;
    else
        claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, row->script);
    if (strcmp(buf_str(&scene.trace), row->want) != 0)
        fail_msg("%s: %s\n got %s\nwant %s", row->why, row->script, buf_str(&scene.trace), row->want);
    tear_down(&scene);
}

static void identity_one_that_starts_asks_the_holder(void **state)
{
    static const struct row rows[] = {
        { "nobody: the normal case", "ack 10", "ask, free" },
        { "nobody, and the predecessor's death is stored", "seen stale b; ack 10", "ask, free" },
        { "somebody watches requests, and nobody answers", "ack 0; wait 999; wait 1", "ask, free" },
        { "not before the broker has taken the request", "wait 60000; ack 0; wait 1000", "ask, free" },
        { "a birth is stored: twice, a second apart", "seen online b; ack 10; wait 999; wait 1; ack 10",
          "ask, ask, free" },
        { "one without a session, too", "seen online 0; ack 10; wait 1000; ack 10", "ask, ask, free" },
        { "it comes back in between", "seen online b; ack 10; wait 1000; ack 0; reply b 5000", "ask, ask, lost" },
        { "a birth is stored, and nobody answers: 1.5 keep alives and 6 s", "seen online b; ack 0; wait 20999; wait 1",
          "ask, notice, free" },
        { "or until the broker has noticed", "seen online b; ack 0; wait 5000; seen stale b; wait 999; wait 1; ack 10",
          "ask, notice, ask, free" },
        { "or somebody has cleared it", "seen online b; ack 0; wait 5000; seen cleared; wait 1000; ack 10",
          "ask, notice, ask, free" },
        { "a death after the check is of no account", "seen online b; ack 0; wait 21000; live stale b; wait 60000",
          "ask, notice, free" },
        { "a slow holder", "seen online b; ack 0; wait 20000; reply b 90000", "ask, notice, lost" },
        { "a holder", "seen online b; ack 0; reply b 5000", "ask, lost" },
        { "however short a time", "seen online b; ack 0; reply b 0", "ask, lost" },
        { "before its acknowledgement", "reply b 5000", "ask, lost" },
        { "whose birth is not stored", "ack 0; reply b 5000", "ask, lost" },
        { "of an older version", "ack 0; reply 0", "ask, lost" },
        { "that has no time", "ack 0; error", "ask, lost" },
        { "one's own answer, garbage", "ack 0; reply a 5000; garbage; wait 1000", "ask, free" },
        { "an answer that is no health document", "ack 0; seven; wait 1000", "ask, free" },
        { "not allowed to ask, and a birth is stored", "seen online b; ack 87", "ask, lost" },
        { "not allowed to ask, and none is stored", "ack 87", "ask, notice, free" },
        { "not allowed to read the answer", "deaf", "ask, notice, free" },
        { "... and a birth is stored", "seen online b; deaf", "ask, lost" },
        { "a silent holder is born again: it is asked at once",
          "seen online b; ack 0; wait 5000; live online b; reply b 1", "ask, notice, ask, lost" },
        { "... while the first request is open", "seen online b; ack 0; wait 300; live online b; wait 700; reply b 1",
          "ask, ask, lost" },
        { "... between will and end", "seen online b; ack 0; wait 5000; live stale b; live online b; wait 1; reply b 1",
          "ask, notice, ask, lost" },
        { "... and is silent again: the wait begins anew",
          "seen online b; ack 0; wait 19000; live online b; ack 0; wait 20999; wait 1",
          "ask, notice, ask, notice, free" },
        { "born between two requests without a subscriber",
          "seen online b; ack 10; live online b; ack 10; wait 1000; ack 10", "ask, ask, ask, free" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(&rows[i], -1);
}

static void identity_of_two_that_run_the_younger_ends(void **state)
{
    static const struct row rows[] = {
        { "one's own birth comes back", "seen online a", "" },
        { "a birth that names no session harms nobody", "seen online 0", "" },
        { "a death is none", "seen stale b", "" },
        { "the other one has held it for longer", "seen online b; ack 0; reply b 6003", "ask, lost" },
        { "an impossible time is taken as that of an older version, which stays", "seen online b; ack 0; reply b -1",
          "ask, lost" },
        { "for less", "seen online 9; ack 0; reply 9 3997", "ask, kept" },
        { "within a second the session decides", "seen online b; ack 0; reply b 5998", "ask, kept" },
        { "... the greater one ends", "seen online 9; ack 0; reply 9 4002", "ask, lost" },
        { "the reply takes its time: neither side is sure", "seen online b; wait 600; reply b 6301", "ask" },
        { "... the one that does not yield asks later", "seen online b; wait 600; reply b 6301; wait 6599; wait 1",
          "ask, ask" },
        { "... and ends if the other one is still there",
          "seen online b; wait 600; reply b 6301; wait 6600; reply b 13201", "ask, ask, lost" },
        { "... and stays if not", "seen online b; wait 600; reply b 6301; wait 6600; ack 10; wait 60000", "ask, ask" },
        { "... the one that yields asks first", "seen online 9; wait 600; reply 9 4301; wait 2199; wait 1",
          "ask, ask" },
        { "... and ends if it is not sure then",
          "seen online 9; wait 600; reply 9 4301; wait 2200; wait 10; reply 9 6801", "ask, ask, lost" },
        { "... not before", "seen online 9; wait 600; reply 9 4301; live online 9; wait 2199", "ask" },
        { "... nor does a death", "seen online 9; wait 600; reply 9 4301; live stale 9 2; wait 2199", "ask" },
        { "one that has lost its link has forgotten that it was not sure: anew",
          "seen online 9; wait 600; reply 9 4301; live online 9 2; wait 600; reply 9 4901; wait 2199", "ask, ask" },
        { "... also for the one that does not yield",
          "seen online b; wait 600; reply b 6301; wait 6600; live online b 2; reply b 13201; wait 2999", "ask, ask" },
        { "an older version does not know how to end", "seen online b; reply 0", "ask, lost" },
        { "one's own answer does not count", "seen online b; reply a 9000; reply b 4000", "ask, kept" },
        { "no answer: it is gone", "seen online b; ack 0; wait 60000", "ask" },
        { "once at a time", "seen online b; seen online b; ack 0; seen online b", "ask" },
        { "each time", "seen online b; reply b 1; seen online b; reply b 1", "ask, kept, ask, kept" },
        { "not allowed to ask", "seen online b; ack 87", "ask, notice" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check(&rows[i], 5000);
}

/* Two that run, their births `apart`: the first one's way to the second and back. Counts who ends. */
struct duel {
    ms_t apart, there, back;
    bool first_yields;
};

static enum claim_verdict ask_once(struct scene *self, bool is_first, const struct duel *duel, ms_t held_other)
{
    ms_t there = is_first ? duel->there : duel->back;
    char step[64];
    look(self, CLAIM_OPEN);
    buf_reset(&self->trace);
    self->now += there;
    snprintf(step, sizeof step, "reply %x %lld", (unsigned)(OWN + OTHER - self->claim.own.session),
             (long long)(self->now - held_other));
    self->now += duel->there + duel->back - there;
    run(self, step);
    return self->claim.why[0] ? CLAIM_LOST : CLAIM_OPEN;
}

/* Each asks at the instant at which the other one's birth arrives, and once more if it has to; one that has ended
 * answers no more. */
static unsigned fight(const struct duel *duel)
{
    struct scene scenes[2];
    ms_t born[2] = { NOW, NOW + duel->apart };
    unsigned ended = 0;
    for (unsigned i = 0; i < 2; i++) {
        set_up(&scenes[i]);
        scenes[i].claim.own.session = (i == 0) == duel->first_yields ? OTHER : OWN;
        scenes[i].claim.held_since = born[i];
        scenes[i].now = ms_max(born[0], born[1]) + (i ? duel->there : duel->back);
        do_presence(&scenes[i], "online", (unsigned)(OWN + OTHER - scenes[i].claim.own.session), 1, false);
        ended += ask_once(&scenes[i], i == 0, duel, born[1 - i]) == CLAIM_LOST;
    }
    for (unsigned turn = 0; turn < 2 && !ended; turn++) {
        unsigned i = duel->first_yields ? turn : 1 - turn; /* the one that yields asks again first */
        if (scenes[i].claim.next_at == MS_NEVER)
            continue;
        scenes[i].now = scenes[i].claim.next_at;
        (void)claim_tick(&scenes[i].claim, scenes[i].now, &scenes[i].outbox);
        ended += ask_once(&scenes[i], i == 0, duel, born[1 - i]) == CLAIM_LOST;
    }
    tear_down(&scenes[0]);
    tear_down(&scenes[1]);
    return ended;
}

static void identity_of_two_exactly_one_ends(void **state)
{
    static const ms_t from[] = { 0, 975, 1900 };
    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(from); f++)
        for (ms_t apart = from[f]; apart <= from[f] + 50; apart++)
            for (ms_t trip = 0; trip <= 100; trip += 5)
                for (ms_t there = 0; there <= trip; there += 5)
                    for (unsigned yields = 0; yields < 2; yields++) {
                        struct duel duel = { apart, there, trip - there, yields };
                        unsigned ended = fight(&duel);
                        if (ended != 1)
                            fail_msg("%lld ms apart, %lld there, %lld back, first yields %u: %u end", (long long)apart,
                                     (long long)there, (long long)(trip - there), yields, ended);
                    }
}

static void the_holder_is_named(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, "seen online b; reply b 1");
    assert_string_equal(scene.claim.why, "another queen holds the id q1 (host host-b, pid 7): stop that one, or give "
                                         "this one another --id");
    tear_down(&scene);
    set_up(&scene);
    claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, "reply b 1");
    assert_non_null(strstr(scene.claim.why, "(host unknown, pid unknown)"));
    tear_down(&scene);
    set_up(&scene);
    claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, "seen online b; ack 87");
    assert_non_null(strstr(scene.claim.why, "if it is gone, clear its retained presence: mosquitto_pub -r -n -t "
                                            "skep/v1/queen/q1/presence"));
    tear_down(&scene);
}

static void a_check_begins_anew_on_each_link(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene);
    claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, "seen online b; ack 10");
    claim_link_lost(&scene.claim);
    assert_int_equal(claim_deadline(&scene.claim), MS_NEVER);
    claim_check(&scene.claim, scene.now, &scene.outbox);
    look(&scene, CLAIM_OPEN);
    run(&scene, "ack 10");
    assert_string_equal(buf_str(&scene.trace), "ask, ask, free");
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identity_one_that_starts_asks_the_holder),
        cmocka_unit_test(identity_of_two_that_run_the_younger_ends),
        cmocka_unit_test(identity_of_two_exactly_one_ends),
        cmocka_unit_test(the_holder_is_named),
        cmocka_unit_test(a_check_begins_anew_on_each_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
