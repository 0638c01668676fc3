#include "gpu_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;
static struct buf buf;
static struct gpu_report report;

static int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    buf = BUF_INIT;
    report = (struct gpu_report){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    buf_clear(&buf);
    return 0;
}

static void add_user_with(int64_t index, int64_t pid, int64_t parent)
{
    gpu_report_add_user(&report, index, pid);
    report.users[report.user_count - 1].pids[1] = parent;
    report.users[report.user_count - 1].count = 2;
}

static void what_is_written_is_read_the_same(void **state)
{
    static struct gpu_report got;
    struct gpu *gpu = gpu_report_add(&report);
    char first[512];
    (void)state;
    gpu->uuid = "GPU-1";
    gpu->utilization = 0.25;
    gpu = gpu_report_add(&report);
    assert_int_equal(gpu->index, 1);
    gpu_report_add_user(&report, 0, 0);
    add_user_with(0, 4711, 4700);
    gpu_report_add_user(&report, 1, 0);
    gpu_report_encode(&report, &buf);
    snprintf(first, sizeof first, "%s", buf_str(&buf));
    assert_non_null(strstr(first, "\"users\":[[0],[0,4711,4700],[1]]"));
    assert_int_equal(gpu_report_decode(&arena, buf_text(&buf), &got, NULL), OK);
    assert_int_equal(got.gpus.count, 2);
    assert_int_equal(got.user_count, 3);
    buf_reset(&buf);
    gpu_report_encode(&got, &buf);
    assert_string_equal(buf_str(&buf), first);
}

static void a_worker_uses_what_is_used_below_its_agent(void **state)
{
    static const struct {
        const char *why;
        int64_t pid;
        uint64_t bits;
    } rows[] = {
        { "the process itself", 4711, 1 | 2 },
        { "its parent, which has another one, too", 4700, 1 | 2 | 4 },
        { "a process that uses none", 5, 0 },
        { "no process", 0, 0 },
    };
    (void)state;
    assert_false(gpu_report_uses(&report, 4711).known);
    gpu_report_add_user(&report, 0, 0);
    add_user_with(0, 4711, 4700);
    add_user_with(1, 4711, 4700);
    add_user_with(2, 4712, 4700);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct index_set set = gpu_report_uses(&report, rows[i].pid);
        if (!set.known || set.bits != rows[i].bits)
            fail_msg("%s: %llx", rows[i].why, (unsigned long long)set.bits);
    }
}

static void what_has_no_room_is_left_out(void **state)
{
    (void)state;
    for (int i = 0; i < MSG_GPUS_MAX; i++)
        assert_non_null(gpu_report_add(&report));
    assert_null(gpu_report_add(&report));
    for (int i = 0; i < 2 * GPU_USERS_MAX; i++)
        gpu_report_add_user(&report, i % MSG_GPUS_MAX, 1 + i);
    assert_int_equal(report.gpus.count, MSG_GPUS_MAX);
    assert_int_equal(report.user_count, GPU_USERS_MAX);
}

/* It is one datagram. */
static void the_largest_report_fits(void **state)
{
    static struct gpu_report got;
    char name[96];
    (void)state;
    memset(name, '"', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (struct gpu *gpu; (gpu = gpu_report_add(&report)) != NULL;) {
        gpu->uuid = gpu->name = name;
        gpu->utilization = 1 / 3.0;
        gpu->memory_used_bytes = gpu->memory_total_bytes = gpu->errors = (int64_t)MSG_INT_MAX;
        gpu->temperature_c = 100 / 3.0;
    }
    for (int i = 0; i < GPU_USERS_MAX; i++) {
        gpu_report_add_user(&report, MSG_GPUS_MAX - 1, 4294967295);
        while (report.users[i].count < GPU_USER_PIDS_MAX)
            report.users[i].pids[report.users[i].count++] = 4194304; /* the kernel's highest */
    }
    gpu_report_encode(&report, &buf);
    assert_in_range(buf.len, 1, GPU_REPORT_BYTES_MAX);
    assert_int_equal(gpu_report_decode(&arena, buf_text(&buf), &got, NULL), OK);
    assert_int_equal(got.user_count, GPU_USERS_MAX);
}

static void what_is_no_report_is_refused(void **state)
{
    static const struct {
        const char *why, *json;
        enum err want;
    } rows[] = {
        { "nothing", "", ERR_SYNTAX },
        { "no object", "[]", ERR_MISSING },
        { "no GPUs", "{\"users\":[]}", ERR_MISSING },
        { "GPUs in an object", "{\"gpus\":{},\"users\":[]}", ERR_TYPE },
        { "a GPU that breaks the protocol", "{\"gpus\":[{\"index\":0,\"utilization\":50}],\"users\":[]}", ERR_RANGE },
        { "no users", "{\"gpus\":[]}", ERR_TYPE },
        { "users in an object", "{\"gpus\":[],\"users\":{}}", ERR_TYPE },
        { "a user that is a number", "{\"gpus\":[],\"users\":[1]}", ERR_TYPE },
        { "a user of nothing", "{\"gpus\":[],\"users\":[[]]}", ERR_TYPE },
        { "a name", "{\"gpus\":[],\"users\":[[\"0\"]]}", ERR_TYPE },
        { "a GPU too many", "{\"gpus\":[],\"users\":[[64]]}", ERR_RANGE },
        { "a negative pid", "{\"gpus\":[],\"users\":[[0,-1]]}", ERR_RANGE },
        { "half a pid", "{\"gpus\":[],\"users\":[[0,1.5]]}", ERR_TYPE },
        { "more pids than there is room for",
          "{\"gpus\":[],\"users\":[[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]]}",
          ERR_TOO_LARGE },
        { "none at all", "{\"gpus\":[],\"users\":[]}", OK },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        enum err err = gpu_report_decode(&arena, text_of(rows[i].json), &report, &e);
        if (err != rows[i].want || (err != OK) != (e.text[0] != '\0'))
            fail_msg("%s: %s (%s)", rows[i].why, err_name(err), e.text);
    }
    while (buf.len <= GPU_REPORT_BYTES_MAX)
        buf_add_str(&buf, "        ");
    assert_int_equal(gpu_report_decode(&arena, buf_text(&buf), &report, NULL), ERR_TOO_LARGE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_written_is_read_the_same), TEST(a_worker_uses_what_is_used_below_its_agent),
        TEST(what_has_no_room_is_left_out),     TEST(the_largest_report_fits),
        TEST(what_is_no_report_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
