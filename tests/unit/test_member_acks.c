/* What comes back to a member: of its births, its heartbeats and its goodbye. */
#include "member_script.h"

/* What acknowledgements of the birth make of it. */
static void it_is_online_when_its_birth_is_acknowledged(void **state)
{
    static const struct {
        const char *why;
        enum member_token token;
        uint8_t reason;
        bool is_online;
    } rows[] = {
        { "accepted", MEMBER_TOKEN_BIRTH, 0, true },
        { "nobody has subscribed to it", MEMBER_TOKEN_BIRTH, MQTT_NO_SUBSCRIBER, true },
        { "refused", MEMBER_TOKEN_BIRTH, MQTT_FAILED, false },
        { "refused for a reason", MEMBER_TOKEN_BIRTH, 0x87, false },
        { "a heartbeat", MEMBER_TOKEN_BEAT, 0, false },
    };
    struct scene scene;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("%s\n", rows[i].why);
        scene_go_online(&scene);
        assert_true(scene.member.is_connected && !scene.member.is_online);
        scene_ack(&scene, member_token(rows[i].token), rows[i].reason);
        assert_int_equal(scene.member.is_online, rows[i].is_online);
        scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        assert_false(scene.member.is_online || scene.member.is_connected);
        scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0); /* of the link before */
        assert_false(scene.member.is_online);
        scene_clear(&scene);
    }
}

static ms_t last_round_trip(const struct scene *scene)
{
    return scene->member.speed.round_trips[0];
}

static void the_round_trips_of_births_and_heartbeats_are_timed(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    scene.now += 40;
    scene_ack(&scene, member_token(MEMBER_TOKEN_BEAT), 0); /* none is awaited */
    assert_true(scene.member.unacked == 0 && last_round_trip(&scene) == 0);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), MQTT_FAILED);
    assert_int_equal(last_round_trip(&scene), 0);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
    assert_int_equal(last_round_trip(&scene), 40);
    scene.now += 1000;
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0); /* once */
    assert_int_equal(last_round_trip(&scene), 40);
    member_beat(&scene.member, scene.now);
    scene.now += 30;
    member_beat(&scene.member, scene.now);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
    assert_int_equal(scene.member.unacked, 2);
    scene.now += 30;
    scene_ack(&scene, member_token(MEMBER_TOKEN_BEAT), 0);
    assert_true(scene.member.unacked == 1 && last_round_trip(&scene) == 60);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_connect(&scene);
    assert_int_equal(scene.member.unacked, 0); /* on this link */
    assert_int_equal(scene.member.birth_sent, scene.now);
    assert_int_equal(scene.member.beat_sent, MS_NEVER);
    scene.now += 200;
    scene_hear(&scene, "", false); /* of two that are under way the first is timed */
    scene_wait(&scene, 0);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
    assert_int_equal(last_round_trip(&scene), 200);
    scene_clear(&scene);
}

/* Of a link that has become slow another birth is due, but not from one that leaves, or without a link. */
static void a_slow_link_is_declared_while_it_lives(void **state)
{
    static const struct {
        const char *why;
        bool is_down, leaves;
        const char *want;
    } rows[] = { { "on a link", false, false, "publish online c1" },
                 { "that is lost", true, false, "" },
                 { "one that leaves", false, true, "publish offline c1" } };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene, MEMBER_WORKER);
        scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
        scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP, .facts = &(struct link_facts){ 20 } });
        scene.member.speed.round_trips[0] = 900; /* the one before was slow, too */
        if (rows[i].is_down)
            scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
        buf_reset(&scene.trace);
        if (rows[i].leaves)
            scene_leave(&scene, MS_NEVER);
        scene.now += 900;
        scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
        scene_expect(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

static void only_a_goodbyes_acknowledgement_lets_it_leave(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    scene_leave(&scene, MS_NEVER);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
    scene_ack(&scene, member_token(MEMBER_TOKEN_BEAT), 0);
    scene_expect(&scene, "others", "publish offline c1");
    scene_refuse(&scene, MEMBER_TOKEN_REQUESTS);
    scene_expect(&scene, "that it receives no requests matters no more", "notice");
    scene_ack(&scene, member_token(MEMBER_TOKEN_GOODBYE), 0x7F);
    scene_expect(&scene, "it is gone", "LEFT");
    assert_true(scene.member.goodbye_acked);
    scene_clear(&scene);
    scene_go_online(&scene);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_refuse(&scene, MEMBER_TOKEN_REQUESTS);
    scene_expect(&scene, "a refusal on the link before", "notice");
    scene_hear(&scene, "", false);
    assert_int_equal(scene.member.heal_at, MS_NEVER); /* there is no link to heal it on */
    scene_clear(&scene);
}

static void a_goodbye_has_the_exit(void **state)
{
    struct scene scene;
    struct exit_info exit = { .known = true, .code = 3, .oom = -1 };
    struct presence presence;
    (void)state;
    scene_go_online(&scene);
    member_leave(&scene.member, &exit, MS_NEVER, &(struct input){ .now = scene.now }, &scene.outbox);
    assert_int_equal(presence_decode(&scene.arena, scene.outbox.first->publish.payload, &presence, NULL), OK);
    assert_true(presence.exit.known && presence.exit.code == 3);
    scene_clear(&scene);
}

static void births_expire_when_they_are_to(void **state)
{
    static const int64_t rows[] = { 0, 1, 2 };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct member member;
        assert_int_equal(
            member_init(&member,
                        &(struct member_options){
                            .role = MEMBER_QUEEN, .root = "r", .queen = "q", .session = OWN, .retain_s = rows[i] }),
            OK);
        assert_int_equal(member.self.retain_s, rows[i] ? rows[i] : MEMBER_RETAIN_S);
        member_clear(&member);
    }
}

/* What was published on the link before is not awaited. */
static void each_link_is_timed_for_itself(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    member_beat(&scene.member, scene.now);
    scene.now += 5000;
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_connect(&scene);
    scene.now += 40;
    scene_ack(&scene, member_token(MEMBER_TOKEN_BIRTH), 0);
    assert_int_equal(scene.member.speed.round_trips[0], 40);
    member_beat(&scene.member, scene.now);
    scene.now += 30;
    scene_ack(&scene, member_token(MEMBER_TOKEN_BEAT), 0);
    assert_int_equal(scene.member.speed.round_trips[0], 30);
    scene_clear(&scene);
}

static void the_brokers_packet_size_is_handed_on(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene, MEMBER_WORKER);
    scene_step(&scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP,
                                       .facts = &(struct link_facts){ .connect_ms = 20, .packet_max = 5000 } });
    assert_int_equal(scene.outbox.packet_max, 5000);
    scene_step(&scene, (struct input){ .kind = INPUT_LINK_DOWN });
    scene_connect(&scene);
    assert_int_equal(scene.outbox.packet_max, 0); /* nothing is known of this one */
    scene_clear(&scene);
}

static void its_subscriptions_end(void **state)
{
    struct scene scene;
    (void)state;
    scene_go_online(&scene);
    member_unsubscribe(&scene.member, &scene.outbox);
    scene_look(&scene, MEMBER_NOTHING);
    scene_expect(&scene, "a worker",
                 "unsubscribe r/hive/h/worker/w/presence; unsubscribe r-rpc/hive/h/worker/w/+; "
                 "unsubscribe r/queen/+/verdict/h/w");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_online_when_its_birth_is_acknowledged),
        cmocka_unit_test(the_round_trips_of_births_and_heartbeats_are_timed),
        cmocka_unit_test(a_slow_link_is_declared_while_it_lives),
        cmocka_unit_test(only_a_goodbyes_acknowledgement_lets_it_leave),
        cmocka_unit_test(a_goodbye_has_the_exit),
        cmocka_unit_test(births_expire_when_they_are_to),
        cmocka_unit_test(each_link_is_timed_for_itself),
        cmocka_unit_test(the_brokers_packet_size_is_handed_on),
        cmocka_unit_test(its_subscriptions_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
