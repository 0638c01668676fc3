#include "member_script.h"

static void a_link_begins_with_its_own_topics(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, MEMBER_WORKER);
    scene_connect(&scene);
    scene_expect(&scene, "a worker",
                 "connect, will stale c1; subscribe r/hive/h/worker/w/presence; subscribe r-rpc/hive/h/worker/w/+; "
                 "subscribe r/queen/+/verdict/h/w; publish online c1; BORN");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_expect(&scene, "each CONNECT has its number", "connect, will stale c2");
    scene_clear(&scene);
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
    scene_init(&scene, MEMBER_WORKER);
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
    scene_clear(&scene);
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
    scene_init(&scene, MEMBER_WORKER);
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
    scene_clear(&scene);
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
        scene_init(&scene, rows[i].role);
        scene_connect(&scene);
        scene_ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
        scene_expect(&scene, "it asks, and nobody holds the id", rows[i].check);
        scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        scene_connect(&scene);
        scene_expect(&scene, "then it is born", rows[i].own);
        assert_int_equal(claim_held(&scene.member.claim, scene.now + 700), 700);
        scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
        scene_expect(&scene, "and asks no more", "connect, will stale c2");
        scene_clear(&scene);
    }
}

/* A hive that has found its id free, and has lost that link. */
static void set_up_free(struct scene *scene)
{
    scene_init(scene, MEMBER_HIVE);
    scene_connect(scene);
    scene_ack(scene, scene->claim, MQTT_NO_SUBSCRIBER);
    scene_step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
}

/* Anybody who answers requests may write to its reply topic: what it does not read delays nothing. */
static void identity_a_hive_reads_replies_while_it_requests(void **state)
{
    static const char foreign[] = "{\"presence\":\"online\",\"session\":\"000000000000000b\",\"connection\":1}";
    struct scene scene;
    (void)state;
    set_up_free(&scene);
    scene_connect(&scene);
    buf_reset(&scene.trace);
    scene_hear(&scene, STALE_OF("b", "1"), true);
    scene_expect(&scene, "of one that is gone nothing is requested", "");
    scene_hear(&scene, foreign, false);
    scene_expect(&scene, "of another that runs", "subscribe r-rpc/reply/skep:h:h; request r-rpc/hive/h/health");
    scene_hear(&scene, foreign, false);
    scene_expect(&scene, "once", "");
    scene_ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
    scene_expect(&scene, "until it is known", "unsubscribe r-rpc/reply/skep:h:h");
    scene_hear(&scene, foreign, false);
    scene_expect(&scene, "and anew", "subscribe r-rpc/reply/skep:h:h; request r-rpc/hive/h/health");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_connect(&scene);
    scene_expect(&scene, "a new link has no subscription from before",
                 "connect, will stale c2; subscribe r/hive/h/presence; subscribe r-rpc/hive/h/+; "
                 "subscribe r/queen/+/hive-verdict/h; publish online c2; BORN");
    scene_clear(&scene);
}

static void identity_a_check_that_breaks_off_begins_anew(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, MEMBER_QUEEN);
    scene_connect(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    buf_reset(&scene.trace);
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_expect(&scene, "without a will again", "connect");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    buf_reset(&scene.trace);
    scene_refuse(&scene, MEMBER_TOKEN_REPLIES);
    scene_expect(&scene, "who cannot read the answer goes on with a warning", "notice; reconnect");
    scene_clear(&scene);
}

/* The attempt behind one that failed may reach another broker, where somebody may hold the id. */
static void identity_each_broker_is_asked(void **state)
{
    struct scene scene;
    (void)state;
    set_up_free(&scene);
    buf_reset(&scene.trace);
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_expect(&scene, "where it was asked", "connect, will stale c1");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_FAILED });
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_expect(&scene, "elsewhere", "connect; connect");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP });
    buf_reset(&scene.trace);
    scene_ack(&scene, scene.claim, MQTT_NO_SUBSCRIBER);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_expect(&scene, "nobody there, either", "reconnect; connect, will stale c2");
    scene_clear(&scene);
}

static void refused_requests_are_declared_once(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    scene_refuse(&scene, MEMBER_TOKEN_VERDICTS);
    scene_expect(&scene, "verdicts are not needed", "notice");
    scene_refuse(&scene, MEMBER_TOKEN_REQUESTS);
    scene_refuse(&scene, MEMBER_TOKEN_REQUESTS);
    scene_expect(&scene, "requests are declared", "notice; publish online c1 deaf; notice");
    assert_false(scene.member.rpc_subscribed);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_connect(&scene);
    scene_expect(&scene, "the next link may be allowed to",
                 "connect, will stale c2; subscribe r/hive/h/worker/w/presence; subscribe r-rpc/hive/h/worker/w/+; "
                 "subscribe r/queen/+/verdict/h/w; publish online c2; BORN");
    scene_step(&scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = member_token(MEMBER_TOKEN_REQUESTS) });
    assert_true(scene.member.rpc_subscribed);
    scene_clear(&scene);
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
        scene_go_online(&scene);
        scene_hear(&scene, rows[i].payload, rows[i].stored);
        scene_wait(&scene, 0);
        scene_expect(&scene, rows[i].why, rows[i].want);
        assert_int_equal(scene.member.ignored, strcmp(rows[i].payload, "x") == 0);
        scene_clear(&scene);
    }
}

static void a_birth_is_published_again_before_it_expires(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    scene_wait(&scene, MEMBER_RETAIN_S * 500 - 1);
    scene_expect(&scene, "not before half of its time", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "at half of it", "publish online c1");
    scene_wait(&scene, MEMBER_RETAIN_S * 500);
    scene_expect(&scene, "and so on", "publish online c1");
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_wait(&scene, MEMBER_RETAIN_S * 500);
    scene_expect(&scene, "not without a link", "");
    scene_clear(&scene);
    scene_go_online(&scene);
    scene_leave(&scene, MS_NEVER);
    scene_ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    scene_wait(&scene, MEMBER_RETAIN_S * 500);
    scene_expect(&scene, "nor after a goodbye", "publish offline c1; LEFT");
    scene_clear(&scene);
}

static void healing_is_limited(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    for (int i = 0; i < 3; i++) {
        scene_hear(&scene, "", false);
        scene_wait(&scene, 0);
    }
    scene_expect(&scene, "at once", "publish online c1; HEALED");
    scene_wait(&scene, 999);
    scene_expect(&scene, "and once a second", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "and once a second", "publish online c1; HEALED");
    scene_hear(&scene, "", false);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_wait(&scene, 5000);
    scene_expect(&scene, "not without a link", "");
    scene_clear(&scene);
}

static void a_goodbye_is_awaited_for_a_second(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    scene_hear(&scene, "", false); /* what is wrong then is healed no more */
    scene_leave(&scene, MS_NEVER);
    scene_expect(&scene, "it is published", "publish offline c1");
    scene_hear(&scene, "", false);
    scene_wait(&scene, 999);
    scene_expect(&scene, "nothing follows it", "");
    scene_wait(&scene, 1);
    scene_expect(&scene, "and its time ends", "LEFT");
    assert_false(scene.member.goodbye_acked);
    scene_clear(&scene);

    scene_go_online(&scene);
    scene_leave(&scene, MS_NEVER);
    scene_ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    scene_expect(&scene, "acknowledged", "publish offline c1; LEFT");
    assert_true(scene.member.goodbye_acked && !scene.member.goodbye_refused);
    scene_ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0);
    scene_expect(&scene, "once", "");
    scene_clear(&scene);

    scene_go_online(&scene);
    scene_leave(&scene, scene.now + 200);
    scene_ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0x87);
    scene_expect(&scene, "refused", "publish offline c1; LEFT");
    assert_true(scene.member.goodbye_refused && !scene.member.goodbye_acked);
    scene_clear(&scene);
}

static void one_that_leaves_is_born_first(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, MEMBER_WORKER);
    scene_leave(&scene, scene.now + 800);
    scene_expect(&scene, "there is no link", "");
    scene_connect(&scene);
    scene_expect(&scene, "no subscriptions", "connect, will stale c1; publish online c1; BORN");
    scene_leave(&scene, scene.member.leave_by);
    scene_expect(&scene, "then the goodbye", "publish offline c1");
    scene_wait(&scene, 800);
    scene_expect(&scene, "in the time that it had", "LEFT");
    scene_clear(&scene);
}

/* A queen's queue may hold a whole fleet's verdicts; what others have sent before they leave is still to arrive. */
static void only_a_queens_goodbye_goes_first(void **state)
{
    static const bool goes_first[] = { [MEMBER_WORKER] = false, [MEMBER_HIVE] = false, [MEMBER_QUEEN] = true };
    (void)state;
    for (size_t role = 0; role < ARRAY_LEN(goes_first); role++) {
        struct scene scene;
        scene_init(&scene, (enum member_role)role);
        scene.member.linked = true;
        member_leave(&scene.member, NULL, MS_NEVER, &(struct input){ .now = scene.now }, &scene.outbox);
        assert_int_equal(scene.outbox.first->publish.urgent, goes_first[role]);
        scene_clear(&scene);
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
