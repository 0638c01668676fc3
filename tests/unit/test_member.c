#include "member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec.h"

#define OWN 0xA
#define START 5000
#define STALE_OF(session, connection) \
    "{\"presence\":\"stale\",\"session\":\"000000000000000" session "\",\"connection\":" connection "}"

/* A member between a core and a broker. Its trace is what it does, then what it hands to its core. */
struct scene {
    struct member member;
    struct outbox outbox;
    struct arena arena;
    struct buf trace;
    ms_t now;
    uint64_t claim; /* token of the request who holds the id */
};

static void say(struct scene *scene, const char *what, const char *about)
{
    buf_printf(&scene->trace, "%s%s%s%s", scene->trace.len ? "; " : "", what, about[0] ? " " : "", about);
}

static void say_presence(struct scene *scene, const char *verb, const struct publish *publish)
{
    struct presence presence;
    bool is_birth;
    char about[64];
    assert_int_equal(presence_decode(&scene->arena, publish->payload, &presence, NULL), OK);
    is_birth = presence.presence == PRESENCE_ONLINE;
    assert_true(presence.session == OWN && publish->retain && publish->qos == 1);
    assert_int_equal(publish->expiry_s, is_birth ? MEMBER_RETAIN_S : 0);
    assert_int_equal(presence.retain_s, is_birth ? MEMBER_RETAIN_S : INT_ABSENT);
    snprintf(about, sizeof about, "%s c%d%s", presence_state_name(presence.presence), (int)presence.connection,
             presence.rpc ? "" : " deaf");
    say(scene, verb, about);
}

static void see(struct scene *scene, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        if (effect->publish.topic)
            say_presence(scene, "connect, will", &effect->publish);
        else
            say(scene, "connect", "");
        break;
    case EFFECT_RECONNECT:
        say(scene, "reconnect", "");
        break;
    case EFFECT_DISCONNECT:
        say(scene, "disconnect", "");
        break;
    case EFFECT_SUBSCRIBE:
        say(scene, "subscribe", effect->subscribe.filter);
        break;
    case EFFECT_UNSUBSCRIBE:
        say(scene, "unsubscribe", effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        if (effect->publish.response_topic) {
            scene->claim = effect->publish.token;
            say(scene, "request", effect->publish.topic);
        } else {
            say_presence(scene, "publish", &effect->publish);
        }
        break;
    default:
        say(scene, "notice", "");
    }
}

static void look(struct scene *scene, enum member_event event)
{
    static const char *const names[] = { NULL, "BORN", "HEALED", "REFUSED", "LEFT" };
    assert_false(scene->outbox.failed);
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next)
        see(scene, effect);
    outbox_reset(&scene->outbox);
    if (event != MEMBER_NOTHING)
        say(scene, names[event], "");
}

static void step(struct scene *scene, struct input input)
{
    input.now = scene->now;
    look(scene, member_step(&scene->member, &input, &scene->outbox));
}

static void ack(struct scene *scene, uint64_t token, uint8_t reason)
{
    step(scene, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

static void refuse(struct scene *scene, enum member_token token)
{
    step(scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = member_token(token), .reason = 0x87 });
}

static void hear(struct scene *scene, const char *payload, bool stored)
{
    struct message message = { .payload = text_of(payload), .retain = stored };
    struct input input = { .now = scene->now, .message = &message };
    member_presence(&scene->member, &input, &scene->arena, &scene->outbox);
    look(scene, MEMBER_NOTHING);
}

static void wait(struct scene *scene, ms_t left)
{
    while (left > 0 || member_deadline(&scene->member) <= scene->now) {
        ms_t due = member_deadline(&scene->member);
        ms_t sleep = due == MS_NEVER ? left : ms_min(ms_max(due - scene->now, 0), left);
        scene->now += sleep;
        left -= sleep;
        step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

static void leave(struct scene *scene, ms_t until)
{
    member_leave(&scene->member, NULL, until, &(struct input){ .now = scene->now }, &scene->outbox);
    look(scene, MEMBER_NOTHING);
}

static void expect(struct scene *scene, const char *why, const char *want)
{
    if (strcmp(buf_str(&scene->trace), want) != 0)
        fail_msg("%s:\n got %s\nwant %s", why, buf_str(&scene->trace), want);
    buf_reset(&scene->trace);
}

static void set_up(struct scene *scene, enum member_role role)
{
    *scene = (struct scene){ .now = START };
    scene->outbox = (struct outbox){ 0 };
    scene->arena = (struct arena){ 0 };
    assert_int_equal(member_init(&scene->member, &(struct member_options){ .role = role,
                                                                           .root = "r",
                                                                           .hive = role == MEMBER_QUEEN ? NULL : "h",
                                                                           .worker = role == MEMBER_WORKER ? "w" : NULL,
                                                                           .queen = role == MEMBER_QUEEN ? "q" : NULL,
                                                                           .session = OWN,
                                                                           .key = { 1, 2 },
                                                                           .keep_alive = 10000 }),
                     OK);
}

static void tear_down(struct scene *scene)
{
    member_clear(&scene->member);
    outbox_clear(&scene->outbox);
    arena_clear(&scene->arena);
    buf_clear(&scene->trace);
}

static void connect(struct scene *scene)
{
    step(scene, (struct input){ .kind = INPUT_CONNECTING });
    step(scene, (struct input){ .kind = INPUT_LINK_UP });
}

/* A worker, which needs no check. */
static void go_online(struct scene *scene)
{
    set_up(scene, MEMBER_WORKER);
    connect(scene);
    buf_reset(&scene->trace);
}

static void a_link_begins_with_its_own_topics(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene, MEMBER_WORKER);
    connect(&scene);
    expect(&scene, "a worker",
           "connect, will stale c1; subscribe r/hive/h/worker/w/presence; subscribe r-rpc/hive/h/worker/w/+; "
           "subscribe r/queen/+/verdict/h/w; publish online c1; BORN");
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    expect(&scene, "each CONNECT has its number", "connect, will stale c2");
    tear_down(&scene);
}

static int64_t declared(struct scene *scene, enum effect_kind kind)
{
    const struct effect *effect = scene->outbox.first;
    struct presence presence;
    while (effect && effect->kind != kind)
        effect = effect->next;
    assert_non_null(effect);
    assert_int_equal(presence_decode(&scene->arena, effect->publish.payload, &presence, NULL), OK);
    outbox_reset(&scene->outbox);
    return presence.connect_ms;
}

static void r4_a_birth_declares_the_fastest_of_the_last_connects(void **state)
{
    static const ms_t took[] = { 900, 40, 700, 700, 700, 700, 700, 700, 700, 700 };
    static const ms_t want[] = { 900, 40, 40, 40, 40, 40, 40, 40, 40, 700 };
    struct scene scene;
    (void)state;
    set_up(&scene, MEMBER_WORKER);
    for (size_t i = 0; i < ARRAY_LEN(took); i++) {
        struct input input = { .kind = INPUT_CONNECTING, .facts = &(struct link_facts){ took[i] } };
        (void)member_step(&scene.member, &input, &scene.outbox);
        assert_int_equal(declared(&scene, EFFECT_CONNECT), INT_ABSENT);
        input.kind = INPUT_LINK_UP;
        (void)member_step(&scene.member, &input, &scene.outbox);
        assert_int_equal(declared(&scene, EFFECT_PUBLISH), want[i]);
        input.kind = INPUT_LINK_DOWN;
        (void)member_step(&scene.member, &input, &scene.outbox);
    }
    tear_down(&scene);
}

/* 20 ms to connect. A round trip each second, and what is declared after it; 0 = nothing new. */
static void r4_a_birth_is_published_again_when_the_link_has_become_another(void **state)
{
    static const struct {
        ms_t round_trip;
        int64_t declared;
    } rows[] = { { 10, 0 },    { 60, 0 },   { 60, 0 },      { 300, 0 },  { 10, 0 },     { 300, 0 },
                 { 310, 600 }, { 310, 0 },  { 10, 20 },     { 900, 0 },  { 800, 1600 }, { 800, 0 },
                 { 700, 0 },   { 3000, 0 }, { 3000, 6000 }, { 5000, 0 }, { 5000, 0 },   { 30, 60 } };
    struct scene scene;
    struct input input = { .kind = INPUT_CONNECTING, .facts = &(struct link_facts){ 20 } };
    (void)state;
    set_up(&scene, MEMBER_WORKER);
    (void)member_step(&scene.member, &input, &scene.outbox);
    input.kind = INPUT_LINK_UP;
    (void)member_step(&scene.member, &input, &scene.outbox);
    outbox_reset(&scene.outbox);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        member_beat(&scene.member, input.now);
        input.now += rows[i].round_trip;
        input.kind = INPUT_ACKED;
        input.token = member_token(MEMBER_TOKEN_BEAT);
        (void)member_step(&scene.member, &input, &scene.outbox);
        assert_int_equal(scene.member.unacked, 0);
        if (rows[i].declared > 0)
            assert_int_equal(declared(&scene, EFFECT_PUBLISH), rows[i].declared);
        assert_null(scene.outbox.first);
    }
    tear_down(&scene);
}

static void identity_the_first_link_of_hives_and_queens_takes_nothing(void **state)
{
    static const struct {
        enum member_role role;
        const char *check, *own;
    } rows[] = {
        { MEMBER_HIVE,
          "connect; subscribe r/hive/h/presence; subscribe r-rpc/reply/skep:h:h; request r-rpc/hive/h/health; "
          "reconnect",
          "connect, will stale c1; subscribe r/hive/h/presence; "
          "subscribe r-rpc/hive/h/+; subscribe r/queen/+/hive-verdict/h; publish online c1; BORN" },
        { MEMBER_QUEEN,
          "connect; subscribe r/queen/q/presence; subscribe r-rpc/reply/skep:q:q; request r-rpc/queen/q/health; "
          "reconnect",
          "connect, will stale c1; subscribe r/queen/q/presence; subscribe r-rpc/reply/skep:q:q; "
          "subscribe r-rpc/queen/q/+; publish online c1; BORN" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        set_up(&scene, rows[i].role);
        connect(&scene);
        ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
        expect(&scene, "it asks, and nobody holds the id", rows[i].check);
        step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        connect(&scene);
        expect(&scene, "then it is born", rows[i].own);
        assert_int_equal(claim_held(&scene.member.claim, scene.now + 700), 700);
        step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        step(&scene, (struct input){ .kind = INPUT_CONNECTING });
        expect(&scene, "and asks no more", "connect, will stale c2");
        tear_down(&scene);
    }
}

/* A hive that has found its id free, and has lost that link. */
static void set_up_free(struct scene *scene)
{
    set_up(scene, MEMBER_HIVE);
    connect(scene);
    ack(scene, scene->claim, MQTT_NO_SUBSCRIBER);
    step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
}

/* Anybody who answers requests may write to its reply topic: what it does not read delays nothing. */
static void identity_a_hive_reads_replies_while_it_requests(void **state)
{
    static const char foreign[] = "{\"presence\":\"online\",\"session\":\"000000000000000b\",\"connection\":1}";
    struct scene scene;
    (void)state;
    set_up_free(&scene);
    connect(&scene);
    buf_reset(&scene.trace);
    hear(&scene, STALE_OF("b", "1"), true);
    expect(&scene, "of one that is gone nothing is requested", "");
    hear(&scene, foreign, false);
    expect(&scene, "of another that runs", "subscribe r-rpc/reply/skep:h:h; request r-rpc/hive/h/health");
    hear(&scene, foreign, false);
    expect(&scene, "once", "");
    ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
    expect(&scene, "until it is known", "unsubscribe r-rpc/reply/skep:h:h");
    hear(&scene, foreign, false);
    expect(&scene, "and anew", "subscribe r-rpc/reply/skep:h:h; request r-rpc/hive/h/health");
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    connect(&scene);
    expect(&scene, "a new link has no subscription from before",
           "connect, will stale c2; subscribe r/hive/h/presence; subscribe r-rpc/hive/h/+; "
           "subscribe r/queen/+/hive-verdict/h; publish online c2; BORN");
    tear_down(&scene);
}

static void identity_a_check_that_breaks_off_begins_anew(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene, MEMBER_QUEEN);
    connect(&scene);
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    buf_reset(&scene.trace);
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    expect(&scene, "without a will again", "connect");
    step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    buf_reset(&scene.trace);
    refuse(&scene, MEMBER_TOKEN_REPLIES);
    expect(&scene, "who cannot read the answer goes on with a warning", "notice; reconnect");
    tear_down(&scene);
}

/* The attempt behind one that failed may reach another broker, where somebody may hold the id. */
static void identity_each_broker_is_asked(void **state)
{
    struct scene scene;
    (void)state;
    set_up_free(&scene);
    buf_reset(&scene.trace);
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    expect(&scene, "where it was asked", "connect, will stale c1");
    step(&scene, (struct input){ .kind = INPUT_LINK_FAILED });
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    expect(&scene, "elsewhere", "connect; connect");
    step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    buf_reset(&scene.trace);
    ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    expect(&scene, "nobody there, either", "reconnect; connect, will stale c2");
    tear_down(&scene);
}

static void refused_requests_are_declared_once(void **state)
{
    struct scene scene;
    (void)state;
    go_online(&scene);
    refuse(&scene, MEMBER_TOKEN_VERDICTS);
    expect(&scene, "verdicts are not needed", "notice");
    refuse(&scene, MEMBER_TOKEN_REQUESTS);
    refuse(&scene, MEMBER_TOKEN_REQUESTS);
    expect(&scene, "requests are declared", "notice; publish online c1 deaf; notice");
    assert_false(scene.member.rpc_subscribed);
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    connect(&scene);
    expect(&scene, "the next link may be allowed to",
           "connect, will stale c2; subscribe r/hive/h/worker/w/presence; subscribe r-rpc/hive/h/worker/w/+; "
           "subscribe r/queen/+/verdict/h/w; publish online c2; BORN");
    step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = member_token(MEMBER_TOKEN_REQUESTS) });
    assert_true(scene.member.rpc_subscribed);
    tear_down(&scene);
}

static void what_is_wrong_about_it_is_healed(void **state)
{
    static const struct {
        const char *why, *payload;
        bool stored;
        const char *want;
    } rows[] = {
        { "cleared", "", false, "publish online c1; HEALED" },
        { "its will of another connection", STALE_OF("a", "9"), false, "publish online c1; HEALED" },
        { "its predecessor's", STALE_OF("b", "1"), false, "publish online c1; HEALED" },
        { "its own of this connection: a broker that stops", STALE_OF("a", "1"), false, "" },
        { "stored copies came before the birth", STALE_OF("b", "1"), true, "" },
        { "another process of its id", "{\"presence\":\"online\",\"session\":\"000000000000000b\"}", false, "notice" },
        { "... stored: its predecessor", "{\"presence\":\"online\",\"session\":\"000000000000000b\"}", true, "" },
        { "a birth without a session", "{\"presence\":\"online\"}", false, "publish online c1; HEALED" },
        { "... stored", "{\"presence\":\"online\"}", true, "" },
        { "nonsense", "x", false, "publish online c1; HEALED" },
        { "... stored", "x", true, "" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        go_online(&scene);
        hear(&scene, rows[i].payload, rows[i].stored);
        wait(&scene, 0);
        expect(&scene, rows[i].why, rows[i].want);
        assert_int_equal(scene.member.ignored, strcmp(rows[i].payload, "x") == 0);
        tear_down(&scene);
    }
}

static void a_birth_is_published_again_before_it_expires(void **state)
{
    struct scene scene;
    (void)state;
    go_online(&scene);
    wait(&scene, MEMBER_RETAIN_S * 500 - 1);
    expect(&scene, "not before half of its time", "");
    wait(&scene, 1);
    expect(&scene, "at half of it", "publish online c1");
    wait(&scene, MEMBER_RETAIN_S * 500);
    expect(&scene, "and so on", "publish online c1");
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    wait(&scene, MEMBER_RETAIN_S * 500);
    expect(&scene, "not without a link", "");
    tear_down(&scene);
    go_online(&scene);
    leave(&scene, MS_NEVER);
    ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    wait(&scene, MEMBER_RETAIN_S * 500);
    expect(&scene, "nor after a goodbye", "publish offline c1; LEFT");
    tear_down(&scene);
}

static void healing_is_limited(void **state)
{
    struct scene scene;
    (void)state;
    go_online(&scene);
    for (int i = 0; i < 3; i++) {
        hear(&scene, "", false);
        wait(&scene, 0);
    }
    expect(&scene, "at once", "publish online c1; HEALED");
    wait(&scene, 999);
    expect(&scene, "and once a second", "");
    wait(&scene, 1);
    expect(&scene, "and once a second", "publish online c1; HEALED");
    hear(&scene, "", false);
    step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    wait(&scene, 5000);
    expect(&scene, "not without a link", "");
    tear_down(&scene);
}

static void a_goodbye_is_awaited_for_a_second(void **state)
{
    struct scene scene;
    (void)state;
    go_online(&scene);
    hear(&scene, "", false); /* what is wrong then is healed no more */
    leave(&scene, MS_NEVER);
    expect(&scene, "it is published", "publish offline c1");
    hear(&scene, "", false);
    wait(&scene, 999);
    expect(&scene, "nothing follows it", "");
    wait(&scene, 1);
    expect(&scene, "and its time ends", "LEFT");
    assert_false(scene.member.goodbye_acked);
    tear_down(&scene);

    go_online(&scene);
    leave(&scene, MS_NEVER);
    ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    expect(&scene, "acknowledged", "publish offline c1; LEFT");
    assert_true(scene.member.goodbye_acked && !scene.member.goodbye_refused);
    ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    expect(&scene, "once", "");
    tear_down(&scene);

    go_online(&scene);
    leave(&scene, scene.now + 200);
    ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0x87);
    expect(&scene, "refused", "publish offline c1; LEFT");
    assert_true(scene.member.goodbye_refused && !scene.member.goodbye_acked);
    tear_down(&scene);
}

static void one_that_leaves_is_born_first(void **state)
{
    struct scene scene;
    (void)state;
    set_up(&scene, MEMBER_WORKER);
    leave(&scene, scene.now + 800);
    expect(&scene, "there is no link", "");
    connect(&scene);
    expect(&scene, "no subscriptions", "connect, will stale c1; publish online c1; BORN");
    leave(&scene, scene.member.leave_by);
    expect(&scene, "then the goodbye", "publish offline c1");
    wait(&scene, 800);
    expect(&scene, "in the time that it had", "LEFT");
    tear_down(&scene);
}

/* A queen's queue may hold a whole fleet's verdicts; what others have sent before they leave is still to arrive. */
static void only_a_queens_goodbye_goes_first(void **state)
{
    static const bool goes_first[] = { [MEMBER_WORKER] = false, [MEMBER_HIVE] = false, [MEMBER_QUEEN] = true };
    (void)state;
    for (size_t role = 0; role < ARRAY_LEN(goes_first); role++) {
        struct scene scene;
        set_up(&scene, (enum member_role)role);
        scene.member.linked = true;
        member_leave(&scene.member, NULL, MS_NEVER, &(struct input){ .now = scene.now }, &scene.outbox);
        assert_int_equal(scene.outbox.first->publish.urgent, goes_first[role]);
        tear_down(&scene);
    }
}

static void ids_that_do_not_fit(void **state)
{
    char root[TOPIC_SIZE];
    struct member member;
    (void)state;
    memset(root, 'r', sizeof root - 1);
    root[sizeof root - 1] = '\0';
    assert_int_equal(member_init(&member, &(struct member_options){ .role = MEMBER_QUEEN, .root = root, .queen = "q" }),
                     ERR_TOPIC);
    member_clear(&member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_begins_with_its_own_topics),
        cmocka_unit_test(r4_a_birth_declares_the_fastest_of_the_last_connects),
        cmocka_unit_test(r4_a_birth_is_published_again_when_the_link_has_become_another),
        cmocka_unit_test(identity_the_first_link_of_hives_and_queens_takes_nothing),
        cmocka_unit_test(identity_a_hive_reads_replies_while_it_requests),
        cmocka_unit_test(identity_a_check_that_breaks_off_begins_anew),
        cmocka_unit_test(identity_each_broker_is_asked),
        cmocka_unit_test(refused_requests_are_declared_once),
        cmocka_unit_test(what_is_wrong_about_it_is_healed),
        cmocka_unit_test(a_birth_is_published_again_before_it_expires),
        cmocka_unit_test(healing_is_limited),
        cmocka_unit_test(a_goodbye_is_awaited_for_a_second),
        cmocka_unit_test(one_that_leaves_is_born_first),
        cmocka_unit_test(only_a_queens_goodbye_goes_first),
        cmocka_unit_test(ids_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
