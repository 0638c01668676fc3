/* Requests that wait for their answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "httpd_waits.h"
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

#define PART 4 /* of each kind, of one address */

static ms_t poll(void *user, const struct http_request *request, struct http_response *ret)
{
    ms_t wait = site_handle(user, request, ret);
    if (request->query.at)
        ret->wakes_on = SITE_WAKE << 1;
    return wait;
}

static const struct httpd_handlers handlers = { .request = poll, .fault = site_fault };

static bool one_is_answered(void *user)
{
    struct line *lines = user;
    return line_has(&lines[0]) || line_has(&lines[PART]);
}

/* Those that wait for something else do not count; and who has had a turn gives way. */
static void not_too_many_wait(void **state)
{
    struct line lines[PART + 1], other, *last = &lines[PART];
    struct site site;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 100, .connections_per_peer = PART * HTTPD_WAITS_PART },
               &handlers);
    for (unsigned i = 0; i < PART; i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
        site_await_calls(&site, i + 1);
    }
    line_open(&other, &site);
    line_say(&other, "GET /wait?other HTTP/1.1\r\nHost: h\r\n\r\n");
    site_await_calls(&site, PART + 1);
    line_open(last, &site);
    lines[0].want = "answer";
    do {
        line_say(last, "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
        last->want = "fault 503: Too many requests are waiting.";
        assert_true(await_loop(site.loop, one_is_answered, lines, AWAIT_LIMIT));
    } while (strstr(last->answer, "Retry-After: 1\r\n"));
    line_await(&lines[0], &site, "504"); /* as if its time were over */
    site.open = true;
    httpd_wake(site.httpd, SITE_WAKE | SITE_WAKE << 1);
    for (unsigned i = 1; i <= PART; i++)
        line_await(&lines[i], &site, "200 OK");
    line_await(&other, &site, "200 OK");
    for (unsigned i = 0; i <= PART; i++)
        close(lines[i].fd);
    close(other.fd);
    site_close(&site);
}

/* All that may wait do, of two peers. */
static void those_with_most_give_way(void **state)
{
    static const struct {
        const char *why;
        unsigned first, second; /* how many of each wait */
        bool of_second;         /* the newcomer */
        bool had_turn;
        int yields; /* of which the oldest; -1 = refused */
    } rows[] = {
        { "one has all", HTTPD_WAITS, 0, true, false, 0 },
        { "one has most", HTTPD_WAITS - 1, 1, true, false, 0 },
        { "not the one that has most itself", HTTPD_WAITS - 1, 1, false, false, -1 },
        { "it has had its turn", HTTPD_WAITS - 1, 1, false, true, 0 },
        { "who has fewer does not", 1, HTTPD_WAITS - 1, true, true, 1 },
        { "as many: not yet", HTTPD_WAITS / 2, HTTPD_WAITS / 2, true, false, -1 },
        { "as many: in turns", HTTPD_WAITS / 2, HTTPD_WAITS / 2, true, true, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        static struct exchange waiting[HTTPD_WAITS];
        struct peer peers[2] = { 0 };
        struct client clients[2] = { { .peer = &peers[0] }, { .peer = &peers[1] } };
        struct httpd httpd = { 0 };
        struct exchange newcomer = { .httpd = &httpd, .client = &clients[rows[i].of_second] }, *yields;
        for (unsigned k = 0; k < rows[i].first + rows[i].second; k++) {
            waiting[k] = (struct exchange){ .httpd = &httpd, .client = &clients[k >= rows[i].first] };
            assert_true(wait_may_begin(&waiting[k], &yields) && !yields);
            wait_begin(&waiting[k], MS_NEVER);
            waiting[k].waits_since += rows[i].had_turn ? -HTTPD_WAIT_TURN_MS : 3600000;
        }
        if (wait_may_begin(&newcomer, &yields) != (rows[i].yields >= 0) ||
            (yields && yields != &waiting[rows[i].yields ? rows[i].first : 0]))
            fail_msg("%s", rows[i].why);
        newcomer.response.wakes_on = 1;
        assert_true(wait_may_begin(&newcomer, &yields) && !yields); /* for something else */
        for (unsigned k = 0; k < HTTPD_WAITS; k++)
            wait_end(&waiting[k]);
        assert_null(httpd.waiting);
        assert_int_equal(peers[0].waiting[HTTPD_WAIT_KINDS - 1] + httpd.waiting_count[HTTPD_WAIT_KINDS - 1], 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waiting_request_is_woken),
        cmocka_unit_test(wait_ends_by_itself),
        cmocka_unit_test(client_may_leave_while_it_waits),
        cmocka_unit_test(server_may_end_while_requests_wait),
        cmocka_unit_test(not_too_many_wait),
        cmocka_unit_test(those_with_most_give_way),
    };
    return cmocka_run_group_tests_name("httpd_wait", tests, NULL, NULL);
}
