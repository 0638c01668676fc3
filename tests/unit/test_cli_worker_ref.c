#include "worker_ref.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LONGEST "a123456789012345678901234567890123456789012345678901234567890123"

static void a_worker_is_named_in_two_ways(void **state)
{
    static const struct {
        const char *why, *word;
        enum err err;
        const char *path;
    } rows[] = {
        { "a name alone", "gpu-1", OK, "/v1/workers/gpu-1" },
        { "with its hive", "hive-a/gpu-1", OK, "/v1/hives/hive-a/workers/gpu-1" },
        { "a hive may be called hive", "hive/gpu-1", OK, "/v1/hives/hive/workers/gpu-1" },
        { "64 characters", LONGEST, OK, "/v1/workers/" LONGEST },
        { "65 characters", LONGEST "4", ERR_ID, NULL },
        { "nothing", "", ERR_ID, NULL },
        { "no hive", "/gpu-1", ERR_ID, NULL },
        { "no name", "hive-a/", ERR_ID, NULL },
        { "three parts", "a/b/c", ERR_ID, NULL },
        { "a path is no name", "../x", ERR_ID, NULL },
        { "what a URL would need escaped", "a?b=c", ERR_ID, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct worker_ref ref = { .worker = "untouched" };
        struct errbuf e = { 0 };
        struct buf path = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(worker_ref_parse(rows[i].word, &ref, &e), rows[i].err);
        if (rows[i].err) {
            assert_string_equal(ref.worker, "untouched");
            assert_true(e.text[0] != '\0');
            continue;
        }
        worker_ref_add_path(&ref, &path);
        assert_string_equal(buf_str(&path), rows[i].path);
        buf_clear(&path);
    }
}

static void a_hive_may_be_meant(void **state)
{
    static const struct {
        const char *why, *word;
        enum err err;
        const char *path;
    } rows[] = {
        { "a hive", "hive/hive-a", OK, "/v1/hives/hive-a" },
        { "a worker", "hive-a/gpu-1", OK, "/v1/hives/hive-a/workers/gpu-1" },
        { "a worker called hive", "hive", OK, "/v1/workers/hive" },
        { "no id", "hive/", ERR_ID, NULL },
        { "three parts", "hive/a/b", ERR_ID, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct worker_ref ref = { 0 };
        struct errbuf e = { 0 };
        struct buf path = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(worker_or_hive_ref_parse(rows[i].word, &ref, &e), rows[i].err);
        if (rows[i].err)
            continue;
        worker_ref_add_path(&ref, &path);
        assert_string_equal(buf_str(&path), rows[i].path);
        buf_clear(&path);
    }
}

static void a_name_alone_fits_every_hive(void **state)
{
    static const struct {
        const char *why, *word, *hive, *worker;
        bool fits;
    } rows[] = {
        { "any hive", "w", "h1", "w", true },
        { "another name", "w", "h1", "w2", false },
        { "the hive that was said", "h1/w", "h1", "w", true },
        { "another hive", "h1/w", "h2", "w", false },
        { "a fleet event has no worker", "w", NULL, NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct worker_ref ref;
        print_message("  %s\n", rows[i].why);
        assert_int_equal(worker_ref_parse(rows[i].word, &ref, NULL), OK);
        assert_int_equal(worker_ref_fits(&ref, rows[i].hive, rows[i].worker), rows[i].fits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_worker_is_named_in_two_ways),
        cmocka_unit_test(a_hive_may_be_meant),
        cmocka_unit_test(a_name_alone_fits_every_hive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
