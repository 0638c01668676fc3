/* What the HTTP server makes of requests and connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "site.h"

static void addresses_are_checked(void **state)
{
    static const struct {
        const char *why;
        const char *address;
        enum err want;
        bool loopback;
    } rows[] = {
        { "v4", "127.0.0.1:0", OK, true },
        { "all of 127/8", "127.9.9.9:0", OK, true },
        { "a name", "localhost:0", OK, true },
        { "everywhere", "0.0.0.0:0", OK, false },
        { "no port", "127.0.0.1", ERR_SYNTAX, false },
        { "no host", ":80", ERR_SYNTAX, false },
        { "empty", "", ERR_SYNTAX, false },
        { "port too high", "127.0.0.1:65536", ERR_RANGE, false },
        { "port with a sign", "127.0.0.1:-1", ERR_RANGE, false },
        { "v6 without brackets", "::1:80", ERR_SYNTAX, false },
        { "looks like a loopback", "127.0.0.1.invalid:0", ERR_IO, false },
        { "an address of nobody here", "192.0.2.1:0", ERR_IO, false },
        { "a v6 address of nobody here", "[2001:db8::1]:0", ERR_IO, false },
    };
    struct loop *loop;

    (void)state;
    assert_true(httpd_is_loopback("[::1]:80"));
    assert_int_equal(loop_new(&loop, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct httpd_options options = { .address = rows[i].address, .body_limit = 1, .connections = 1 };
        struct httpd *httpd = NULL;
        struct errbuf e = { 0 };
        enum err err = httpd_new(loop, &options, &site_handlers, NULL, &httpd, &e);
        if (err != rows[i].want || (err != OK) != (e.text[0] != '\0'))
            fail_msg("%s: %s, '%s'", rows[i].why, err_name(err), e.text);
        if (err == ERR_IO && !strstr(e.text, rows[i].address))
            fail_msg("%s: the address is not in '%s'", rows[i].why, e.text);
        if (httpd_is_loopback(rows[i].address) != rows[i].loopback)
            fail_msg("%s: loopback or not", rows[i].why);
        httpd_free(httpd);
    }
    loop_free(loop);
}

static void taken_port_is_told(void **state)
{
    struct site site;
    struct errbuf e = { 0 };
    struct httpd *other;
    char address[32];
    (void)state;
    site_open(&site, 10, 0);
    snprintf(address, sizeof address, "127.0.0.1:%d", httpd_port(site.httpd));
    assert_int_equal(httpd_new(site.loop, &(struct httpd_options){ .address = address, .connections = 1 },
                               &site_handlers, &site, &other, &e),
                     ERR_IO);
    assert_non_null(strstr(e.text, address));
    assert_non_null(strstr(e.text, "already in use"));
    site_close(&site);
}

static void requests_are_answered(void **state)
{
    struct site site;
    struct fetch get = { 0 }, none = { 0 }, head = { .head = true }, post = { .body = "some words" };
    (void)state;
    site_open(&site, 10, 0);
    fetch_run(&get, &site, "/a%20b?x=1&y=%32");
    assert_int_equal(get.status, 200);
    assert_string_equal(get.type, "text/plain");
    assert_string_equal(get.answer, "answer 1");
    assert_string_equal(site.method, "GET");
    assert_string_equal(site.path, "/a%20b");
    assert_string_equal(site.query, "x=1&y=%32");

    fetch_run(&none, &site, "/none");
    assert_int_equal(none.status, 404);
    assert_false(site.has_query);

    fetch_run(&head, &site, "/");
    assert_int_equal(head.status, 200);
    assert_string_equal(head.answer, "");
    assert_string_equal(site.method, "GET");

    fetch_run(&post, &site, "/");
    assert_int_equal(post.status, 200);
    assert_string_equal(site.method, "POST");
    assert_string_equal(site.body, "some words");
    assert_int_equal(site.calls, 4);
    site_close(&site);
}

static void answers_carry_their_fields(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    site_open(&site, 10, 0);
    line_open(&line, &site);
    line_say(&line, "GET /none HTTP/1.1\r\nHost: h\r\nAccept: a/b;q=0.5\r\n\r\n");
    line_await(&line, &site, "answer 1");
    assert_string_equal(site.host, "h");
    assert_string_equal(site.accept, "a/b;q=0.5");
    assert_non_null(strstr(line.answer, "HTTP/1.1 404 "));
    assert_non_null(strstr(line.answer, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(line.answer, "X-Content-Type-Options: nosniff\r\n"));
    assert_non_null(strstr(line.answer, "Content-Type: text/plain\r\n"));
    assert_non_null(strstr(line.answer, "Content-Length: 8\r\n"));
    assert_non_null(strstr(line.answer, "Allow: GET, HEAD\r\n"));
    assert_null(strstr(line.answer, "Retry-After"));
    close(line.fd);
    site_close(&site);
}

static void connection_is_kept_for_more(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    site_open(&site, 10, 0);
    line_open(&line, &site);
    line_say(&line, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nfirst");
    line_await(&line, &site, "answer 1");
    assert_string_equal(site.body, "first");
    line_say(&line, "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    line_await(&line, &site, "answer 3");
    assert_string_equal(site.body, "");
    line_say(&line, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\nConnection: close\r\n\r\n");
    line_say(&line, "sec");
    await_span(site.loop, 0);
    line_say(&line, "ond");
    line_await(&line, &site, "answer 4");
    assert_string_equal(site.body, "second");
    line_await(&line, &site, NULL);
    close(line.fd);
    site_close(&site);
}

static void bodies_are_limited(void **state)
{
    static const struct {
        const char *why;
        const char *header;
        const char *want;
        unsigned calls;
    } rows[] = {
        { "one byte too many", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "fault 413", 0 },
        { "far too many", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n", "fault 413", 0 },
        { "also where it is ignored", "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", "fault 413", 0 },
        { "with Expect", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
          "fault 413", 0 },
        { "chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "fault 411", 0 },
        { "no number", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: x\r\n\r\n", "HTTP/1.1 400", 0 },
        { "no Host", "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400", 0 },
    };
    struct site site;

    (void)state;
    site_open(&site, 10, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct line line;
        line_open(&line, &site);
        line_say(&line, rows[i].header);
        line.want = rows[i].want;
        if (!await_loop(site.loop, line_has, &line, AWAIT_LIMIT))
            fail_msg("%s: '%s'", rows[i].why, line.answer);
        line_await(&line, &site, NULL);
        close(line.fd);
        assert_int_equal(site.calls, rows[i].calls);
    }
    site_close(&site);
}

static void full_body_arrives(void **state)
{
    struct site site;
    struct fetch post = { 0 }, over = { 0 };
    char body[SITE_BODY_LIMIT + 2];
    (void)state;
    memset(body, 'x', sizeof body);
    body[SITE_BODY_LIMIT] = '\0';
    post.body = body;
    site_open(&site, 10, 0);
    fetch_run(&post, &site, "/");
    assert_int_equal(post.status, 200);
    assert_int_equal(site.body_len, SITE_BODY_LIMIT);
    body[SITE_BODY_LIMIT] = 'x';
    body[SITE_BODY_LIMIT + 1] = '\0';
    over.body = body;
    fetch_run(&over, &site, "/");
    assert_int_equal(over.status, 413);
    assert_int_equal(site.calls, 1);
    site_close(&site);
}

static void bodies_of_get_and_delete_are_ignored(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    site_open(&site, 10, 0);
    line_open(&line, &site);
    line_say(&line, "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nbody!");
    line_await(&line, &site, "answer 1");
    assert_int_equal(site.body_len, 0);
    line_say(&line, "DELETE /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nbody!");
    line_await(&line, &site, "answer 2");
    assert_string_equal(site.method, "DELETE");
    assert_int_equal(site.body_len, 0);
    close(line.fd);
    site_close(&site);
}

/* Of one address: test_httpd_clients.c. */
static void connections_are_limited(void **state)
{
    struct line lines[4], last;
    struct site site;
    (void)state;
    site_open(&site, ARRAY_LEN(lines), 0);
    for (unsigned at = 0; at < ARRAY_LEN(lines); at++) {
        line_open(&lines[at], &site);
        line_say(&lines[at], "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    site_await_calls(&site, ARRAY_LEN(lines));
    line_open(&last, &site);
    line_say(&last, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    line_await(&last, &site, NULL);
    close(last.fd);
    assert_int_equal(site.calls, ARRAY_LEN(lines));
    close(lines[0].fd);
    line_ask(&last, &site, "/");
    assert_non_null(strstr(last.answer, "answer 5"));
    for (unsigned at = 1; at < ARRAY_LEN(lines); at++)
        close(lines[at].fd);
    site_close(&site);
}

static void targets_may_be_urls(void **state)
{
    static const struct {
        const char *target, *path, *query; /* path NULL = refused */
    } rows[] = {
        { "http://127.0.0.1:80/a?x=1", "/a", "x=1" },
        { "HTTP://localhost", "/", "" },
        { "http://localhost?x", "/", "x" },
        { "http://[::1]:7833/a/b", "/a/b", "" },
        { "http://192.0.2.1/a", NULL, NULL },
        { "http:///a", NULL, NULL },
        { "/a?http://192.0.2.1/", "/a", "http://192.0.2.1/" },
    };
    struct site site;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 10, .body_limit = 1, .local_names_only = true },
               &site_handlers);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char request[200];
        struct line line;
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
                 rows[i].target);
        line_open(&line, &site);
        line_say(&line, request);
        line_await(&line, &site, rows[i].path ? "answer" : "fault 421");
        if (rows[i].path && (strcmp(site.path, rows[i].path) != 0 || strcmp(site.query, rows[i].query) != 0))
            fail_msg("%s: %s ? %s", rows[i].target, site.path, site.query);
        close(line.fd);
    }
    site_close(&site);
}

static void the_host_is_ours(void **state)
{
    static const struct {
        const char *fields, *want;
    } rows[] = {
        { "Host: 127.0.0.1:7833\r\n", "answer" },
        { "Host: queen.example\r\n", "answer" },
        { "Host: evil.example:7833\r\n", "fault 421" },
        { "Host: 127.0.0.1\r\nHost: evil.example\r\n", "fault 400" },
        { "Host: evil.example\r\nhost: 127.0.0.1\r\n", "fault 400" },
        { "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n", "fault 400" },
    };
    struct site site;
    (void)state;
    site_start(&site,
               (struct httpd_options){
                   .connections = 10, .body_limit = 1, .local_names_only = true, .more_names = "queen.example" },
               &site_handlers);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char request[200];
        struct line line;
        snprintf(request, sizeof request, "GET / HTTP/1.1\r\n%s\r\n", rows[i].fields);
        line_open(&line, &site);
        line_say(&line, request);
        line_await(&line, &site, rows[i].want);
        close(line.fd);
    }
    site_close(&site);
}

/* libmicrohttpd would have no memory for them: the handler gets them all, and refuses. */
static void parameters_are_handed_over(void **state)
{
    enum { COUNT = 12000 };
    static char request[2 * COUNT + 100];
    struct site site;
    struct line line;
    (void)state;
    site_open(&site, 10, 0);
    memcpy(request, "GET /a?", 7);
    for (size_t i = 0; i < COUNT; i++)
        memcpy(request + 7 + 2 * i, "b&", 2);
    snprintf(request + 7 + (size_t)2 * COUNT, 90, " HTTP/1.1\r\nHost: h\r\n\r\n");
    line_open(&line, &site);
    line_say(&line, request);
    line_await(&line, &site, "answer");
    assert_string_equal(site.path, "/a");
    assert_int_equal(strncmp(site.query, "b&b&", 4), 0);
    close(line.fd);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(taken_port_is_told),
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(answers_carry_their_fields),
        cmocka_unit_test(connection_is_kept_for_more),
        cmocka_unit_test(bodies_are_limited),
        cmocka_unit_test(full_body_arrives),
        cmocka_unit_test(bodies_of_get_and_delete_are_ignored),
        cmocka_unit_test(connections_are_limited),
        cmocka_unit_test(targets_may_be_urls),
        cmocka_unit_test(the_host_is_ours),
        cmocka_unit_test(parameters_are_handed_over),
    };
    return cmocka_run_group_tests_name("httpd", tests, NULL, NULL);
}
