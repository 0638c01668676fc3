#include "health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void statuses_have_names_and_http_codes(void **state)
{
    static const struct {
        enum health_status status;
        const char *want_name;
        int want_http;
    } rows[] = {
        { HEALTH_PASS, "pass", 200 },
        { HEALTH_WARN, "warn", 200 },
        { HEALTH_FAIL, "fail", 503 },
        { HEALTH_STATUS_COUNT, "fail", 503 }, /* no status: not healthy */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_string_equal(health_status_name(rows[i].status), rows[i].want_name);
        assert_int_equal(health_http_status(rows[i].status), rows[i].want_http);
    }
}

static void the_document_has_the_shape_of_the_draft(void **state)
{
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    (void)state;
    health_open(&w, HEALTH_WARN, "0.1.0", "skep:h:hive-a", "a hive", NULL);
    health_check_str(&w, "broker:link", "down", HEALTH_WARN);
    health_check_int(&w, "workers:running", 3, "workers", HEALTH_PASS);
    health_check_int(&w, "workers:failed", 0, NULL, HEALTH_PASS);
    health_close(&w);
    assert_string_equal(buf_str(&buf),
                        "{\"status\":\"warn\",\"version\":\"0.1.0\",\"serviceId\":\"skep:h:hive-a\",\"description\":"
                        "\"a hive\",\"checks\":{"
                        "\"broker:link\":[{\"observedValue\":\"down\",\"status\":\"warn\"}],"
                        "\"workers:running\":[{\"observedValue\":3,\"observedUnit\":\"workers\",\"status\":\"pass\"}],"
                        "\"workers:failed\":[{\"observedValue\":0,\"status\":\"pass\"}]}}");
    buf_clear(&buf);
}

static void what_is_not_known_is_left_out(void **state)
{
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    (void)state;
    health_open(&w, HEALTH_FAIL, NULL, "skep:q:q1", NULL, &(struct health_holder){ 0xab, 17, 1500 });
    health_close(&w);
    assert_string_equal(buf_str(&buf), "{\"status\":\"fail\",\"serviceId\":\"skep:q:q1\",\"session\":"
                                       "\"00000000000000ab\",\"pid\":17,\"held_ms\":1500,\"checks\":{}}");
    buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_have_names_and_http_codes),
        cmocka_unit_test(the_document_has_the_shape_of_the_draft),
        cmocka_unit_test(what_is_not_known_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
