#include "device_table.h"
#include "queen_script.h"

#include "lease.h"
#include "rations.h"

/* The device w1 of the group `default`, and those behind a gateway, of the hive z. */
#define LIST                                                                \
    "[device \"t\"]\npreset = tasmota\nhive = default\nstale-after = 30s\n" \
    "[device \"z\"]\npreset = zigbee2mqtt\nstale-after = 10m\n"             \
    "[device \"h\"]\npreset = homie\n"                                      \
    "[device \"s\"]\npreset = shelly-gen1\n"

#define ONLINE "publish tele/w1/LWT Online"
#define OFFLINE "publish tele/w1/LWT Offline"
#define STATE "publish tele/w1/STATE {\"Time\":\"2026-11-29T00:00:00\"}"
#define IS_ONLINE "unknown -> online (birth)"
#define LOST OFFLINE "; wait 250; ack 0"
#define IS_LOST "probe, online -> stale (last_will)"
#define UP(word) "publish zigbee2mqtt/bridge/state {\"state\":\"" word "\"}"
#define LAMP(word) "publish zigbee2mqtt/lamp/availability {\"state\":\"" word "\"}"
#define READY "hive/z unknown -> starting (birth), hive/z starting -> ready (verified)"
#define BACK "hive/z down -> starting (birth), hive/z starting -> ready (verified)"
#define DOWN "probe, hive/z ready -> down (last_will)"

static struct devices devices;

static struct queen_options options_with(const char *list)
{
    struct queen_options options = scene_options;
    struct errbuf e = { 0 };
    if (device_table_read(list, options.root, &devices, &e) != OK)
        fail_msg("%s", e.text);
    options.devices = &devices;
    return options;
}

static void rows_check_devices(const struct row *rows, size_t len)
{
    struct queen_options options = options_with(LIST);
    for (size_t i = 0; i < len; i++)
        row_check_with(&rows[i], &options);
    devices_clear(&devices);
}

#define DEVICES_CHECK(rows) rows_check_devices((rows), ARRAY_LEN(rows))

static void a_device_is_judged_as_a_plain_worker(void **state)
{
    static const struct row rows[] = {
        { "its online word is a birth", "up; " ONLINE, IS_ONLINE " | online" },
        { "R4: its offline word is a will, which is confirmed", "up; " ONLINE "; " LOST,
          IS_ONLINE ", " IS_LOST " | stale" },
        { "R4: it is back", "up; " ONLINE "; " OFFLINE "; wait 100; " ONLINE "; wait 9000", IS_ONLINE " | online" },
        { "... by telemetry", "up; " ONLINE "; " OFFLINE "; wait 100; " STATE "; wait 9000", IS_ONLINE " | online" },
        { "back later", "up; " ONLINE "; " LOST "; " ONLINE,
          IS_ONLINE ", " IS_LOST ", stale -> online (birth) | online" },
        { "... by telemetry", "up; " ONLINE "; " LOST "; " STATE,
          IS_ONLINE ", " IS_LOST ", stale -> online (heartbeat) | online" },
        { "R1: a will of somebody who is not known makes no event", "up; " OFFLINE "; wait 250", "| suspect" },
        { "telemetry makes nobody known", "up; " STATE, "| gone" },
        { "R5: silent", "up; " ONLINE "; listen 22000", IS_ONLINE ", online -> suspect (missed_heartbeats) | suspect" },
        { "R5: silent for longer", "up; " ONLINE "; listen 30000; ack 0",
          IS_ONLINE ", online -> suspect (missed_heartbeats), probe, suspect -> stale (missed_heartbeats) | stale" },
        { "R5: telemetry is a beat", "up; " ONLINE "; listen 21000; " STATE "; listen 21000", IS_ONLINE " | online" },
        { "... empty, it is none", "up; " ONLINE "; listen 21000; publish tele/w1/STATE; listen 1000",
          IS_ONLINE ", online -> suspect (missed_heartbeats) | suspect" },
        { "R16: its topic is cleared, which clears nothing of ours", "up; " ONLINE "; publish tele/w1/LWT",
          IS_ONLINE ", online -> forgotten (forgotten) | gone" },
        { "R16: ... and it comes back", "up; " ONLINE "; publish tele/w1/LWT; " ONLINE,
          IS_ONLINE ", online -> forgotten (forgotten), unknown -> online (birth) | online" },
        { "R2: a worker of that name with a session goes first", "up; birth 1.1; " OFFLINE "; " ONLINE "; wait 9000",
          IS_ONLINE " | online" },
        { "... and is not forgotten for it", "up; birth 1.1; will 1.1; ack 10; wait 250; ack 10; publish tele/w1/LWT",
          IS_ONLINE ", ask, ask, online -> stale (last_will) | stale" },
        { "a word that is not known", "up; " ONLINE "; publish tele/w1/LWT offline?; wait 9000",
          IS_ONLINE " | online" },
        { "a name that has no id", "up; publish tele/\x01/LWT Online", "| gone" },
        { "another one's topic", "up; publish tele/w1/lwt Online", "| gone" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void stored_words_are_copies(void **state)
{
    static const struct row rows[] = {
        { "R15: an online word raises nobody", "connect; stored " ONLINE "; read; wait 20000", "| unverified" },
        { "R15: ... until telemetry comes", "connect; stored " ONLINE "; read; " STATE,
          "unknown -> online (heartbeat) | online" },
        { "R15: ... or the lease and its grace are over", "connect; stored " ONLINE "; read; listen 35000; ack 0",
          "probe, unknown -> stale (missed_heartbeats) | stale" },
        { "R15: an offline word is confirmed when the grace is over", "connect; stored " OFFLINE "; read; listen 34000",
          "| suspect" },
        { "R15: ... and it is stale", "connect; stored " OFFLINE "; read; listen 36000; ack 0",
          "probe, unknown -> stale (last_will) | stale" },
        { "R15: ... unless it is back", "connect; stored " OFFLINE "; read; " ONLINE "; listen 20000",
          "unknown -> online (birth) | online" },
        { "R15: a copy says nothing against who was received on this link",
          "up; " ONLINE "; stored " OFFLINE "; wait 9000", IS_ONLINE " | online" },
        { "R15: nor for who was lost on it", "up; " ONLINE "; " LOST "; stored " ONLINE,
          IS_ONLINE ", " IS_LOST " | stale" },
        { "a stored beat says nothing", "connect; stored " ONLINE "; read; stored " STATE, "| unverified" },
        { "R16: a copy brings nobody back", "up; " ONLINE "; publish tele/w1/LWT; stored " ONLINE,
          IS_ONLINE ", online -> forgotten (forgotten) | gone" },
        { "R12: after a loss of the link", "up; " ONLINE "; down; connect; stored " ONLINE "; read; listen 20000",
          IS_ONLINE " | online" },
        { "R12: a stored will after it", "up; " ONLINE "; down; connect; stored " OFFLINE "; read; listen 34000",
          IS_ONLINE " | suspect" },
        { "R12: ... and it is stale when the grace is over",
          "up; " ONLINE "; down; connect; stored " OFFLINE "; read; listen 36000; ack 0",
          IS_ONLINE ", " IS_LOST " | stale" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void a_goodbye_is_no_loss(void **state)
{
    static const struct row rows[] = {
        { "R9: it has left", "up; publish homie/lamp/$state ready; publish homie/lamp/$state disconnected; wait 9000",
          "h/lamp unknown -> online (birth), h/lamp online -> offline (goodbye) | gone" },
        { "lost", "up; publish homie/lamp/$state ready; publish homie/lamp/$state lost; wait 250; ack 0",
          "h/lamp unknown -> online (birth), probe, h/lamp online -> stale (last_will) | gone" },
        { "of nobody who is known", "up; publish homie/lamp/$state disconnected", "| gone" },
        { "a stored one", "connect; stored publish homie/lamp/$state disconnected; read; wait 9000",
          "h/lamp unknown -> offline (goodbye) | gone" },
        { "and silence says nothing", "up; publish homie/lamp/$state ready; listen 4000000",
          "h/lamp unknown -> online (birth) | gone" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void a_beat_may_make_a_device_known(void **state)
{
    static const struct row rows[] = {
        { "live", "up; publish shellies/plug/relay/0 on", "s/plug unknown -> online (heartbeat) | gone" },
        { "stored, it does not", "up; stored publish shellies/plug/relay/0 on", "| gone" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void a_parent_is_a_hive(void **state)
{
    static const struct row rows[] = {
        { "its word makes it ready, without a request", "up; " UP("online") "; wait 20000", READY " | gone" },
        { "... once", "up; " UP("online") "; " UP("online"), READY " | gone" },
        { "stored, it is not known to be ready", "connect; stored " UP("online") "; read; wait 20000", "| gone" },
        { "... until something comes through it", "connect; stored " UP("online") "; read; " LAMP("online"),
          "z/lamp unknown -> online (birth), hive/z unknown -> ready (verified) | gone" },
        { "R4: it is lost", "up; " UP("online") "; " UP("offline") "; wait 250; ack 0", READY ", " DOWN " | gone" },
        { "R4: it was not", "up; " UP("online") "; " UP("offline") "; wait 100; " UP("online") "; wait 9000",
          READY " | gone" },
        { "it is silent", "up; " UP("online") "; listen 4000000", READY " | gone" },
        { "a word that is not known", "up; " UP("online") "; publish zigbee2mqtt/bridge/state what?; wait 9000",
          READY " | gone" },
        { "R16: a copy does not bring it back",
          "up; " UP("online") "; publish zigbee2mqtt/bridge/state; stored " UP("online") "; " LAMP("online"),
          READY ", hive/z ready -> forgotten (forgotten), z/lamp unknown -> online (birth) | gone" },
        { "a real hive of that name is asked as ever, and its end is its own",
          "up; birth 1.1 @z/; wait 0; " UP("online") "; " UP("offline") "; publish zigbee2mqtt/bridge/state; wait 100; "
                                                                        "health pass @z/; " UP("offline") "; wait 9000",
          "hive/z unknown -> starting (birth), poll, hive/z starting -> ready (verified) | gone" },
        { "its topic is cleared", "up; " UP("online") "; publish zigbee2mqtt/bridge/state",
          READY ", hive/z ready -> forgotten (forgotten) | gone" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void what_is_behind_a_parent_is_lost_with_it(void **state)
{
    static const struct row rows[] = {
        { "R10: what is behind it is unreachable, though it never said so",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down) | gone" },
        { "R10: ... and is not before it is known to be lost",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 200; " UP("online") "; wait 9000",
          READY ", z/lamp unknown -> online (birth) | gone" },
        { "R10: a ghost behind a parent that is down is unreachable, too",
          "connect; stored " UP("offline") "; stored " LAMP("online") "; read; listen 36000; ack 0; wait 1000",
          "probe, hive/z unknown -> down (last_will), z/lamp unknown -> unreachable (hive_down) | gone" },
        { "R10: ... also one that is read later",
          "connect; stored " UP("offline") "; read; listen 36000; ack 0; stored " LAMP("online") "; wait 1000",
          "probe, hive/z unknown -> down (last_will), z/lamp unknown -> unreachable (hive_down) | gone" },
        { "R10: a device that is lost while it is down",
          "up; " UP("online") "; " LAMP("online") "; " LAMP("offline") "; " UP(
              "offline") "; wait 250; ack 0; ack 0; wait 1000",
          READY ", z/lamp unknown -> online (birth), probe, " DOWN
                ", z/lamp online -> unreachable (hive_down) | gone" },
        { "another section has no such parent",
          "up; " UP("online") "; " ONLINE "; " UP("offline") "; wait 250; ack 0; wait 9000",
          READY ", " IS_ONLINE ", " DOWN " | online" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

static void what_is_behind_a_parent_is_back_with_it(void **state)
{
    static const struct row rows[] = {
        { "R10: it is back, and what is behind it is not yet",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; " UP(
              "online") "; "
                        "listen 34000",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), " BACK
                " | gone" },
        { "R10: ... but one grace later",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; " UP(
              "online") "; "
                        "listen 36000; ack 0",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), " BACK
                ", probe, z/lamp unreachable -> online (verified) | gone" },
        { "R10: ... unless it is stored as gone by then",
          "up; " UP("online") "; " LAMP("online") "; " UP(
              "offline") "; wait 250; ack 0; wait 1000; down; connect; "
                         "stored " UP("offline") "; stored " LAMP("offline") "; read; " UP(
                             "online") "; listen 40000; ack 0",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), " BACK
                ", probe, z/lamp unreachable -> stale (missed_heartbeats) | gone" },
        { "R10: ... unless its lease is over, too",
          "up; " UP("online") "; " LAMP("online") "; listen 590000; " UP(
              "offline") "; wait 250; ack 0; wait 1000; "
                         "listen 20000; " UP("online") "; listen 36000; ack 0",
          READY ", z/lamp unknown -> online (birth), z/lamp online -> suspect (missed_heartbeats), " DOWN
                ", z/lamp suspect -> unreachable (hive_down), " BACK
                ", probe, z/lamp unreachable -> stale (missed_heartbeats) | gone" },
        { "R10: a ghost is nothing more for it",
          "connect; stored " UP("offline") "; stored " LAMP("online") "; read; listen 36000; ack 0; wait 1000; " UP(
              "online") "; listen 100000",
          "probe, hive/z unknown -> down (last_will), z/lamp unknown -> unreachable (hive_down), " BACK " | gone" },
        { "R10: the parent was forgotten: nobody knows",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; "
                                                                     "publish zigbee2mqtt/bridge/state; listen 100000",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), "
                "hive/z down -> forgotten (forgotten) | gone" },
        { "R10: ... by its word",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; " UP(
              "online") "; " LAMP("online"),
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), "
                "hive/z down -> starting (birth), hive/z starting -> ready (verified), "
                "z/lamp unreachable -> online (birth) | gone" },
        { "R10: ... or it says that it is gone, which counts when the grace is over",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; " UP(
              "online") "; " LAMP("offline") "; listen 36000; ack 0",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), "
                "hive/z down -> starting (birth), hive/z starting -> ready (verified), probe, "
                "z/lamp unreachable -> stale (missed_heartbeats) | gone" },
        { "R10: something comes through it, so it is there",
          "up; " UP("online") "; " LAMP("online") "; " UP("offline") "; wait 250; ack 0; wait 1000; "
                                                                     "publish zigbee2mqtt/lamp {\"state\":\"ON\"}",
          READY ", z/lamp unknown -> online (birth), " DOWN ", z/lamp online -> unreachable (hive_down), "
                "z/lamp unreachable -> online (heartbeat), hive/z down -> starting (birth), "
                "hive/z starting -> ready (verified) | gone" },
    };
    (void)state;
    DEVICES_CHECK(rows);
}

/* R19: live subscriptions to all, then what is stored of parents and words, which stay. */
static void their_topics_are_read_last(void **state)
{
    struct queen_options options = options_with(LIST);
    struct scene scene;
    unsigned unsubscribed;
    const char *read;
    (void)state;
    scene_init_with(&scene, &options);
    scene_run(&scene, "connect");
    unsubscribed = scene.unsubscribed;
    scene_run(&scene, ONLINE);
    assert_int_equal(scene.queen->snapshot.copies, 0);
    scene_run(&scene, "stored " ONLINE);
    assert_int_equal(scene.queen->snapshot.copies, 1);
    scene_run(&scene, "read");
    assert_true(queen_sees(scene.queen));
    read = strstr(buf_str(&scene.filters), "zigbee2mqtt/bridge/state tele/+/LWT zigbee2mqtt/+/availability "
                                           "homie/+/$state shellies/+/online ");
    assert_non_null(read);
    assert_null(strstr(buf_str(&scene.filters), "tele/+/STATE"));
    scene_run(&scene, "wait 0");
    assert_int_equal(scene.unsubscribed, unsubscribed + 3); /* the queen's own verdicts */
    scene_clear(&scene);
    devices_clear(&devices);
}

static void set_devices(struct scene *scene, const struct devices *table)
{
    queen_set_devices(scene->queen, table, scene->now, scene->wall, &scene->outbox);
    scene_look(scene);
}

/* By SIGHUP: in whatever stage of the snapshot, what is new is read, and what is not there any more is left. */
static void another_table_takes_its_place(void **state)
{
    static const char *const stages[] = { "", "subscribe", "connect", "connect", "up" };
    struct queen_options options = options_with(LIST);
    struct devices other;
    (void)state;
    assert_int_equal(device_table_read("[device \"t\"]\npreset = tasmota\nhive = default\n"
                                       "[device \"e\"]\npreset = esphome\n",
                                       options.root, &other, NULL),
                     OK);
    for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
        struct scene scene;
        scene_init_with(&scene, &options);
        scene_run(&scene, stages[i]);
        while (i == 3 && scene.queen->snapshot.stage != SNAPSHOT_DEVICES)
            scene_run(&scene, "mark; suback");
        scene.unsubscribed = 0;
        buf_reset(&scene.filters);
        set_devices(&scene, &other);
        assert_int_equal(scene.unsubscribed, i == 0 ? 0 : 7); /* of three sections */
        options.devices = &other;
        scene_run(&scene, i == 0 ? "up" : i == 1 ? "suback; read; suback; read" : "wait 0; suback; read");
        assert_true(queen_sees(scene.queen));
        if (!strstr(buf_str(&scene.filters), "tele/+/LWT +/status "))
            fail_msg("%zu: %s", i, buf_str(&scene.filters));
        scene_run(&scene, "publish lamp/status online; publish homie/lamp/$state ready; " ONLINE);
        assert_string_equal(buf_str(&scene.trace), "e/lamp unknown -> online (birth), " IS_ONLINE);
        assert_int_equal(scene.queen->counters.rejected[ERR_TOPIC], 1);
        scene_clear(&scene);
        options.devices = &devices;
    }
    devices_clear(&other);
    devices_clear(&devices);
}

static void the_name_is_a_label(void **state)
{
    struct queen_options options = options_with(LIST);
    struct scene scene;
    struct record *record;
    (void)state;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up");
    scene_message(&scene, "homie/My \"lamp\"/$state", TEXT("ready"));
    record = registry_find(&scene.queen->registry, TEXT("h"), TEXT("My.20.22lamp.22"));
    assert_non_null(record);
    assert_string_equal(record->document->text, "{\"status\":\"idle\",\"labels\":{\"name\":\"My \\\"lamp\\\"\"}}");
    assert_int_equal(record->lease_ms, LEASE_ENDLESS);
    scene_message(&scene, "homie/gone/$state", TEXT("lost")); /* also of one that nothing else is known of */
    record = registry_find(&scene.queen->registry, TEXT("h"), TEXT("gone"));
    assert_non_null(record->document);
    scene_clear(&scene);
    devices_clear(&devices);
}

static void what_cannot_be_read_is_counted(void **state)
{
    static char large[MSG_MAX_BYTES + 2];
    struct queen_options options = options_with(LIST);
    struct scene scene;
    (void)state;
    memset(large, 'x', sizeof large - 1);
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; " ONLINE);
    scene_message(&scene, "tele/w1/LWT", text_of(large));
    assert_int_equal(scene.queen->counters.rejected[ERR_TOO_LARGE], 1);
    scene_message(&scene, "tele/w1/LWT", (struct text){ large, MSG_MAX_BYTES });
    assert_int_equal(scene.queen->counters.rejected[ERR_UNKNOWN], 1);
    scene_message(&scene, "tele/w1/LWT", TEXT("what?"));
    assert_int_equal(scene.queen->counters.rejected[ERR_UNKNOWN], 2);
    assert_string_equal(buf_str(&scene.notice),
                        "ignored a message on tele/w1/LWT: unknown_name: the payload is none of "
                        "the words of [device \"t\"]");
    scene_message(&scene, "tele/a\tb/LWT", TEXT("Online"));
    assert_int_equal(scene.queen->counters.rejected[ERR_ID], 1);
    scene_message(&scene, "elsewhere", TEXT("Online"));
    assert_int_equal(scene.queen->counters.rejected[ERR_TOPIC], 1);
    scene_message(&scene, "tele/w1/STATE", text_of(large)); /* nobody reads what telemetry says */
    assert_int_equal(scene.queen->counters.rejected[ERR_TOO_LARGE], 1);
    assert_int_equal(scene.queen->registry.count, 1);
    scene_clear(&scene);
    devices_clear(&devices);
}

static void hear_behind(struct scene *scene, const char *topic, const char *payload)
{
    struct message message = { .topic = text_of(topic), .payload = text_of(payload) };
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE, .behind = 2 * RATION_BEHIND_MS, .message = &message });
}

/* The group of a section has the ration of a hive: what one sends more than that delays nothing of others. Words are
 * read all the same. */
static void a_group_has_its_ration(void **state)
{
    struct queen_options options = options_with(LIST);
    struct scene scene;
    uint64_t rejected;
    (void)state;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; " ONLINE "; " UP("online") "; " LAMP("online"));
    for (int i = 0; i < 20000; i++)
        hear_behind(&scene, "zigbee2mqtt/lamp", "1");
    rejected = scene.queen->counters.rejected[ERR_RATIONED];
    assert_true(rejected > 0);
    hear_behind(&scene, "tele/w1/STATE", "{}");
    hear_behind(&scene, "zigbee2mqtt/lamp/availability", "offline");
    hear_behind(&scene, "zigbee2mqtt/bridge/state", "offline");
    assert_int_equal(scene.queen->counters.rejected[ERR_RATIONED], rejected);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("z"), TEXT("lamp"))->state, STATE_SUSPECT);
    assert_int_equal(registry_find(&scene.queen->registry, TEXT("z"), (struct text){ 0 })->state, STATE_SUSPECT);
    scene_clear(&scene);
    devices_clear(&devices);
}

static void a_parent_may_be_of_several_sections(void **state)
{
    struct queen_options options = options_with("[device \"a\"]\ntopic = a/%n\nparent = p\nonline = up\n"
                                                "[device \"b\"]\ntopic = b/%n\nparent = p\n");
    struct scene scene;
    (void)state;
    scene_init_with(&scene, &options);
    scene_run(&scene, "up; publish p up; publish p online");
    assert_string_equal(buf_str(&scene.trace),
                        "hive/a unknown -> starting (birth), hive/a starting -> ready (verified), "
                        "hive/b unknown -> starting (birth), hive/b starting -> ready (verified)");
    assert_int_equal(scene.queen->counters.rejected[ERR_UNKNOWN], 2); /* each is a word of one of them */
    scene_clear(&scene);
    devices_clear(&devices);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_is_judged_as_a_plain_worker),
        cmocka_unit_test(stored_words_are_copies),
        cmocka_unit_test(a_goodbye_is_no_loss),
        cmocka_unit_test(a_beat_may_make_a_device_known),
        cmocka_unit_test(a_parent_is_a_hive),
        cmocka_unit_test(what_is_behind_a_parent_is_lost_with_it),
        cmocka_unit_test(what_is_behind_a_parent_is_back_with_it),
        cmocka_unit_test(their_topics_are_read_last),
        cmocka_unit_test(another_table_takes_its_place),
        cmocka_unit_test(the_name_is_a_label),
        cmocka_unit_test(what_cannot_be_read_is_counted),
        cmocka_unit_test(a_group_has_its_ration),
        cmocka_unit_test(a_parent_may_be_of_several_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
