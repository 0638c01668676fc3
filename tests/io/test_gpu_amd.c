/* AMD's GPUs, from files as the kernel has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <math.h>

#include "gpu_amd.h"

static char root[32];
static struct arena arena;
static struct gpu_report report;

static int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    report = (struct gpu_report){ 0 };
    strcpy(root, "/tmp/gpu_amd.XXXXXX");
    return mkdtemp(root) ? 0 : -1;
}

static int tear_down(void **state)
{
    char command[64];
    (void)state;
    arena_clear(&arena);
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

/* With its folders. */
static void put(const char *path, const char *text)
{
    char whole[256];
    FILE *file;
    snprintf(whole, sizeof whole, "%s/sys/class/drm/%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0755);
        *slash = '/';
    }
    file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void put_card(const char *card, const char *const files[][2])
{
    char path[128];
    for (; (*files)[0]; files++) {
        snprintf(path, sizeof path, "%s/device/%s", card, (*files)[0]);
        put(path, (*files)[1]);
    }
}

static const char *const whole_card[][2] = {
    { "mem_info_vram_total", "68702699520\n" },
    { "mem_info_vram_used", "1024\n" },
    { "gpu_busy_percent", "37\n" },
    { "unique_id", "0123456789abcdef\n" },
    { "product_name", "AMD Instinct MI210\n" },
    { "power/runtime_status", "active\n" },
    { "hwmon/hwmon5/temp1_input", "41500\n" },
    { "ras/umc_err_count", "ue: 2\nce: 90\n" },
    { "ras/gfx_err_count", "ue: 1\nce: 0\n" },
    { "ras/features", "feature mask: 0x1\n" },
    { 0 },
};

static void every_file_is_read(void **state)
{
    const struct gpu *gpu = &report.gpus.at[0];
    (void)state;
    put_card("card0", whole_card);
    gpu_amd_read(root, &arena, &report);
    assert_int_equal(report.gpus.count, 1);
    assert_int_equal(report.user_count, 0);
    assert_int_equal(gpu->index, 0);
    assert_string_equal(gpu->uuid, "0123456789abcdef");
    assert_string_equal(gpu->name, "AMD Instinct MI210");
    assert_true(gpu->utilization == 0.37 && gpu->temperature_c == 41.5);
    assert_int_equal(gpu->memory_used_bytes, 1024);
    assert_int_equal(gpu->memory_total_bytes, 68702699520);
    assert_int_equal(gpu->errors, 3);
}

static void what_is_not_there_is_absent(void **state)
{
    static const char *const least[][2] = { { "mem_info_vram_total", "4096\n" }, { 0 } };
    const struct gpu *gpu = &report.gpus.at[0];
    (void)state;
    put_card("card3", least);
    gpu_amd_read(root, &arena, &report);
    assert_int_equal(report.gpus.count, 1);
    assert_true(!gpu->uuid && !gpu->name && isnan(gpu->utilization) && isnan(gpu->temperature_c));
    assert_int_equal(gpu->memory_used_bytes, INT_ABSENT);
    assert_int_equal(gpu->errors, INT_ABSENT);
}

static void what_is_no_number_is_absent(void **state)
{
    static const char *const odd[][2] = {
        { "mem_info_vram_total", "4096\n" }, { "mem_info_vram_used", "much\n" },
        { "gpu_busy_percent", "101\n" },     { "unique_id", "\n" },
        { "product_name", "a\x1b[31mb\n" },  { "hwmon/hwmon0/temp1_input", "-4000\n" },
        { "ras/umc_err_count", "" },         { 0 }
    };
    const struct gpu *gpu = &report.gpus.at[0];
    (void)state;
    put_card("card0", odd);
    gpu_amd_read(root, &arena, &report);
    assert_true(!gpu->uuid && isnan(gpu->utilization) && isnan(gpu->temperature_c));
    assert_string_equal(gpu->name, "a?[31mb");
    assert_int_equal(gpu->memory_used_bytes, INT_ABSENT);
    assert_int_equal(gpu->errors, 0);
}

/* In the order of their numbers, behind those that were reported before; other drivers' cards and connectors are none.
 */
static void several_cards(void **state)
{
    static const char *const ten[][2] = { { "mem_info_vram_total", "10\n" }, { 0 } };
    static const char *const two[][2] = { { "mem_info_vram_total", "2\n" }, { 0 } };
    static const char *const other[][2] = { { "vendor", "0x8086\n" }, { 0 } };
    (void)state;
    put_card("card10", ten);
    put_card("card2", two);
    put_card("card1", other);
    put_card("card2-DP-1", two);
    assert_non_null(gpu_report_add(&report));
    gpu_amd_read(root, &arena, &report);
    assert_int_equal(report.gpus.count, 3);
    assert_int_equal(report.gpus.at[1].index, 1);
    assert_int_equal(report.gpus.at[1].memory_total_bytes, 2);
    assert_int_equal(report.gpus.at[2].memory_total_bytes, 10);
}

static void one_that_sleeps_is_not_woken(void **state)
{
    const struct gpu *gpu = &report.gpus.at[0];
    (void)state;
    put_card("card0", whole_card);
    put("card0/device/power/runtime_status", "suspended\n");
    gpu_amd_read(root, &arena, &report);
    assert_true(isnan(gpu->utilization) && isnan(gpu->temperature_c));
    assert_int_equal(gpu->errors, INT_ABSENT);
    assert_int_equal(gpu->memory_used_bytes, 1024);
    assert_string_equal(gpu->uuid, "0123456789abcdef");
}

static void without_a_card_there_is_nothing(void **state)
{
    (void)state;
    gpu_amd_read(root, &arena, &report);
    gpu_amd_read("/no/such/root", &arena, &report);
    assert_int_equal(report.gpus.count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_file_is_read), TEST(what_is_not_there_is_absent),  TEST(what_is_no_number_is_absent),
        TEST(several_cards),      TEST(one_that_sleeps_is_not_woken), TEST(without_a_card_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
