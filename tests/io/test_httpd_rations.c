/* What the clients of a server may have of it (httpd_rations.h), and who gives way. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "await.h"
#include "site.h"

#define LONG (6u * HTTPD_SHORT)
#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

static ms_t handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    size_t len = strcmp(request->path, "/large") == 0   ? HTTPD_HELD_PER_PEER - HTTPD_SENT - 2 * HTTPD_SHORT
                 : strcmp(request->path, "/long") == 0  ? LONG
                 : strcmp(request->path, "/short") == 0 ? HTTPD_SHORT
                                                        : 1;
    if (strcmp(request->path, "/wait") == 0)
        return site_handle(user, request, ret);
    site->calls++;
    ret->status = 200;
    ret->content_type = "text/plain";
    for (; len > 0; len--)
        buf_add_char(&ret->body, 'x');
    return 0;
}

static const struct httpd_handlers handlers = { .request = handle, .fault = site_fault };

static void some_connections_are_kept_back(void **state)
{
    struct site site;
    struct line lines[3];
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 1, .loopback_spare = 1 }, &handlers);
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], GET("/wait"));
        if (i < 2)
            site_await_calls(&site, i + 1);
    }
    line_await(&lines[2], &site, NULL);
    assert_int_equal(site.calls, 2);
    for (unsigned i = 0; i < ARRAY_LEN(lines); i++)
        close(lines[i].fd);
    site_close(&site);
}

/* One that is idle, whose request is not complete, or whose answer is not taken; not one that is served. */
static void who_is_to_move_gives_way(void **state)
{
    static const char *const requests[] = { "", "GET / HT",
                                            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf",
                                            GET("/large"), GET("/") };
    (void)state;
    for (unsigned i = 0; i < ARRAY_LEN(requests); i++) {
        struct site site;
        struct line served, old, newcomer;
        site_start(&site, (struct httpd_options){ .connections = 2, .body_limit = 100 }, &handlers);
        line_open(&served, &site);
        line_say(&served, GET("/wait"));
        site_await_calls(&site, 1);
        line_open_reader(&old, &site, requests[i]);
        line_ask(&newcomer, &site, "/");
        assert_non_null(strstr(newcomer.answer, "200 OK"));
        line_await(&old, &site, NULL);
        site.open = true;
        httpd_wake(site.httpd, SITE_WAKE);
        line_await(&served, &site, "answer");
        close(served.fd);
        close(old.fd);
        site_close(&site);
    }
}

/* Not even for the request that it has sent meanwhile. */
static void who_gave_way_costs_nothing_more(void **state)
{
    struct site site;
    struct line old, newcomer;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 1 }, &handlers);
    line_open(&old, &site);
    line_say(&old, GET("/"));
    line_await(&old, &site, "200 OK");
    line_say(&old, GET("/"));
    line_open(&newcomer, &site);
    line_say(&newcomer, GET("/"));
    line_await(&newcomer, &site, "200 OK");
    line_await(&old, &site, NULL);
    assert_int_equal(site.calls, 2);
    close(old.fd);
    close(newcomer.fd);
    site_close(&site);
}

static void idle_ones_lock_nobody_out(void **state)
{
    struct site site;
    struct line idle[3 * HTTPD_LEAVING], newcomer;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 2 }, &handlers);
    for (unsigned i = 0; i < ARRAY_LEN(idle); i++)
        line_open(&idle[i], &site);
    line_open(&newcomer, &site);
    line_say(&newcomer, GET("/"));
    line_await(&newcomer, &site, "200 OK");
    for (unsigned i = 0; i < ARRAY_LEN(idle); i++)
        close(idle[i].fd);
    close(newcomer.fd);
    site_close(&site);
}

/* A health check is answered, whoever does not take what answers. */
static void short_answers_need_no_budget(void **state)
{
    struct site site;
    struct line large, again, brief;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 10 }, &handlers);
    line_open_reader(&large, &site, GET("/large"));
    site_await_calls(&site, 1);
    line_open(&again, &site);
    line_say(&again, GET("/large"));
    line_await(&again, &site, "fault 503");
    line_open(&brief, &site);
    line_say(&brief, GET("/short"));
    line_await(&brief, &site, "200 OK");
    line_open_reader(&again, &site, GET("/"));
    line_await(&again, &site, "200 OK");
    close(large.fd);
    close(again.fd);
    close(brief.fd);
    site_close(&site);
}

/* By the other side, not just ended. */
static bool is_reset(void *user)
{
    const struct line *line = user;
    struct tcp_info info;
    socklen_t size = sizeof info;
    return getsockopt(line->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 && info.tcpi_state == TCP_CLOSE;
}

/* Else the kernel would keep what they have not taken. */
static void who_is_dropped_is_reset(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 10, .step_ms = 1 }, &handlers);
    line_open_reader(&line, &site, GET("/long"));
    assert_true(await_loop(site.loop, is_reset, &line, AWAIT_LIMIT));
    close(line.fd);
    site_close(&site);
}

/* And it comes, though the connection ends behind it. */
static void what_the_kernel_has_counts_until_it_is_taken(void **state)
{
    static char bytes[2 * LONG];
    struct site site;
    struct line line, large;
    size_t len = 0;
    ssize_t got;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 10 }, &handlers);
    line_open_reader(&line, &site, "GET /long HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    site_await_calls(&site, 1);
    await_span(site.loop, 600); /* it is over for libmicrohttpd, and its memory would be swept */
    line_ask(&large, &site, "/large");
    assert_non_null(strstr(large.answer, "fault 503"));
    while ((got = recv(line.fd, bytes + len, sizeof bytes - len, 0)) > 0)
        len += (size_t)got;
    assert_int_equal(got, 0);
    assert_int_equal((size_t)(bytes + len - strstr(bytes, "\r\n\r\n") - 4), LONG);
    do
        line_ask(&large, &site, "/large");
    while (!strstr(large.answer, "200 OK"));
    close(line.fd);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(some_connections_are_kept_back),
        cmocka_unit_test(who_is_to_move_gives_way),
        cmocka_unit_test(who_gave_way_costs_nothing_more),
        cmocka_unit_test(idle_ones_lock_nobody_out),
        cmocka_unit_test(short_answers_need_no_budget),
        cmocka_unit_test(who_is_dropped_is_reset),
        cmocka_unit_test(what_the_kernel_has_counts_until_it_is_taken),
    };
    return cmocka_run_group_tests_name("httpd_rations", tests, NULL, NULL);
}
