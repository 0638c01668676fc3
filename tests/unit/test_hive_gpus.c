#include "hive.h"

#include "hive_fixture.h"

#define W1 "worker/w1/witness"
#define W2 "worker/w2/witness"

static struct gpu_report report;

static void add_gpus(size_t count)
{
    report = (struct gpu_report){ 0 };
    while (count-- > 0) {
        struct gpu *gpu = gpu_report_add(&report);
        gpu->uuid = "GPU-0123abcd-0123-0123-0123-0123456789ab";
        gpu->name = "NVIDIA H100 80GB HBM3";
    }
}

static void take(struct scene *scene)
{
    scene_take(scene, (struct hive_input){ .kind = HIVE_GPUS, .gpus = &report });
}

static const char *beat(struct scene *scene)
{
    scene_forget(scene);
    scene_wait(scene, 2 * HIVE_INTERVAL_MS);
    return buf_str(&scene->told);
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text++)
        count++;
    return count;
}

static void the_heartbeat_shows_what_was_reported_last(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "");
    scene_up(&scene);
    assert_null(strstr(beat(&scene), "gpus"));
    add_gpus(2);
    report.gpus.at[1].name = NULL;
    report.gpus.at[1].errors = 7;
    take(&scene);
    report.gpus.at[1].errors = 8; /* what was taken is a copy */
    assert_non_null(strstr(beat(&scene), "\"gpus\":[{\"index\":0,\"uuid\":\"GPU-0123abcd-0123-0123-0123-0123456789ab\","
                                         "\"name\":\"NVIDIA H100 80GB HBM3\",\"utilization\":null,"));
    assert_true(
        scene_told(&scene, "{\"index\":1,\"uuid\":\"GPU-0123abcd-0123-0123-0123-0123456789ab\",\"name\":null,"));
    assert_true(scene_told(&scene, "\"temperature_c\":null,\"errors\":7}]"));
    scene_take(&scene, (struct hive_input){ .kind = HIVE_GPUS });
    assert_null(strstr(beat(&scene), "gpus"));
    scene_clear(&scene);
}

/* 6 KiB, or what the broker takes. */
static void as_many_gpus_as_fit(void **state)
{
    static const struct {
        const char *why;
        uint32_t packet_max;
        size_t low, high, bytes;
    } rows[] = {
        { "any broker", 0, 24, 60, 6 * 1024 },
        { "a broker that takes little", 2048, 4, 20, 2048 },
        { "a broker that takes less than a heartbeat", 64, 0, 0, 1024 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct link_facts facts = { .packet_max = rows[i].packet_max };
        size_t count;
        scene_init(&scene);
        scene_roster(&scene, "");
        scene_up(&scene);
        scene_step(&scene, (struct input){ .kind = INPUT_LINK_UP, .facts = &facts });
        add_gpus(MSG_GPUS_MAX);
        take(&scene);
        scene_forget(&scene);
        (void)scene_ask(&scene, "beat", "");
        scene_wait(&scene, 100);
        count = count_of(buf_str(&scene.told), "{\"index\":");
        if (count < rows[i].low || count > rows[i].high || strcspn(buf_str(&scene.told), "\n") > rows[i].bytes)
            fail_msg("%s: %zu GPUs: %s", rows[i].why, count, buf_str(&scene.told));
        scene_clear(&scene);
    }
}

static void add_user(uint8_t index, int64_t pid, int64_t agent)
{
    report.users[report.user_count++] = (struct gpu_user){ index, 2, { pid, agent } };
}

static void a_witness_has_what_its_processes_use(void **state)
{
    struct scene scene;
    int64_t agent;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1 w2");
    scene_up(&scene);
    agent = hive_process(scene.hive, "w1")->pid;
    scene_forget(&scene);
    add_gpus(2);
    gpu_report_add_user(&report, 0, 0);
    add_user(0, 9000, agent);
    add_user(1, 9001, agent);
    take(&scene);
    assert_true(scene_told(&scene, "\"gpus\":[0,1],") && scene_told(&scene, "\"gpus\":[],"));
    scene_expect(&scene, "both were not known before", "tell " W1 "; tell " W2);
    take(&scene);
    scene_expect(&scene, "the same again", "");
    scene_exit(&scene, "w1", 9);
    assert_false(scene_told(&scene, "gpus"));
    scene_forget(&scene);
    take(&scene);
    scene_expect(&scene, "one that has no process uses nothing", "");
    scene_take(&scene, (struct hive_input){ .kind = HIVE_GPUS });
    assert_false(scene_told(&scene, "gpus"));
    scene_expect(&scene, "nothing is known any more", "tell " W2);
    scene_clear(&scene);
}

static void where_no_driver_lists_processes_nothing_is_known(void **state)
{
    struct scene scene;
    (void)state;
    scene_init(&scene);
    scene_roster(&scene, "w1");
    scene_up(&scene);
    scene_forget(&scene);
    add_gpus(1);
    take(&scene);
    scene_expect(&scene, "a GPU alone", "");
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_heartbeat_shows_what_was_reported_last),
        cmocka_unit_test(as_many_gpus_as_fit),
        cmocka_unit_test(a_witness_has_what_its_processes_use),
        cmocka_unit_test(where_no_driver_lists_processes_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
