#include "problem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_status_has_its_title(void **state)
{
    static const struct {
        int status;
        const char *title;
    } rows[] = {
        { 400, "Bad Request" },         { 401, "Unauthorized" },          { 404, "Not Found" },
        { 405, "Method Not Allowed" },  { 408, "Request Timeout" },       { 409, "Conflict" },
        { 411, "Length Required" },     { 413, "Content Too Large" },     { 415, "Unsupported Media Type" },
        { 403, "Forbidden" },           { 421, "Misdirected Request" },   { 0, "Error" },
        { 503, "Service Unavailable" }, { 500, "Internal Server Error" }, { 418, "Error" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(problem_title(rows[i].status), rows[i].title);
}

static void a_problem_is_an_object(void **state)
{
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    (void)state;
    problem_open(&w, 404, "not_found", "no \"such\" worker");
    json_close(&w, '}');
    assert_string_equal(buf_str(&buf), "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
                                       "\"code\":\"not_found\",\"detail\":\"no \\\"such\\\" worker\"}");
    buf_clear(&buf);
}

static void members_may_be_added(void **state)
{
    struct buf buf = BUF_INIT;
    struct json_write w = json_write_to(&buf);
    (void)state;
    problem_open(&w, 409, NULL, "d");
    json_add_null(&w, "candidates");
    json_close(&w, '}');
    assert_string_equal(buf_str(&buf), "{\"type\":\"about:blank\",\"title\":\"Conflict\",\"status\":409,"
                                       "\"code\":\"conflict\",\"detail\":\"d\",\"candidates\":null}");
    buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_title),
        cmocka_unit_test(a_problem_is_an_object),
        cmocka_unit_test(members_may_be_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
