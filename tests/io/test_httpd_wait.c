/* Requests that wait for their answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

static void waiting_request_is_woken(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    site_open(&site, 10, 0);
    line_open(&line, &site);
    line_say(&line, "POST /wait?for=it HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    site_await_calls(&site, 1);
    httpd_wake(site.httpd, SITE_WAKE);
    site_await_calls(&site, 2); /* not yet: it waits on */
    assert_string_equal(site.query, "for=it");
    assert_string_equal(site.body, "body");
    site.open = true;
    httpd_wake(site.httpd, SITE_WAKE);
    httpd_wake(site.httpd, SITE_WAKE);
    line_await(&line, &site, "answer 3");
    assert_int_equal(site.calls, 3);
    httpd_wake(site.httpd, SITE_WAKE); /* nobody waits */
    line_say(&line, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    line_await(&line, &site, "answer 4");
    close(line.fd);
    site_close(&site);
}

static void wait_ends_by_itself(void **state)
{
    struct site site;
    struct fetch get = { 0 };
    (void)state;
    site_open(&site, 10, 0);
    site.wait = 30;
    fetch_run(&get, &site, "/wait");
    assert_int_equal(get.status, 504);
    assert_int_equal(site.calls, 2);
    assert_int_equal(site.timeouts, 1);
    site_close(&site);
}

static void client_may_leave_while_it_waits(void **state)
{
    struct site site;
    struct line line;
    struct fetch get = { 0 };
    (void)state;
    site_open(&site, 10, 0);
    line_open(&line, &site);
    line_say(&line, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    site_await_calls(&site, 1);
    close(line.fd);
    site.open = true;
    httpd_wake(site.httpd, SITE_WAKE);
    site_await_calls(&site, 2);
    fetch_run(&get, &site, "/");
    assert_int_equal(get.status, 200);
    site_close(&site);
}

static void server_may_end_while_requests_wait(void **state)
{
    struct site site;
    struct line lines[3];
    (void)state;
    site_open(&site, 10, 0);
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    site_await_calls(&site, 3);
    httpd_free(site.httpd);
    site.httpd = NULL;
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
        line_await(&lines[i], &site, NULL);
        close(lines[i].fd);
    }
    assert_int_equal(site.calls, 3);
    site_close(&site);
}

static void not_too_many_wait(void **state)
{
    enum { WAITING_MAX = 256 };
    struct line *lines = calloc(WAITING_MAX + 1, sizeof *lines);
    struct line *last = &lines[WAITING_MAX];
    struct site site;

    (void)state;
    assert_non_null(lines);
    site_open(&site, 1000, 0);
    for (unsigned i = 0; i <= WAITING_MAX; i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
        site_await_calls(&site, i + 1);
    }
    line_await(last, &site, "fault 503");
    assert_non_null(strstr(last->answer, "Retry-After: 1\r\n"));
    site.open = true;
    httpd_wake(site.httpd, SITE_WAKE);
    for (unsigned i = 0; i < WAITING_MAX; i++)
        line_await(&lines[i], &site, "answer");
    for (unsigned i = 0; i <= WAITING_MAX; i++)
        close(lines[i].fd);
    site_close(&site);
    free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_request_is_woken),
        cmocka_unit_test(wait_ends_by_itself),
        cmocka_unit_test(client_may_leave_while_it_waits),
        cmocka_unit_test(server_may_end_while_requests_wait),
        cmocka_unit_test(not_too_many_wait),
    };
    return cmocka_run_group_tests_name("httpd_wait", tests, NULL, NULL);
}
