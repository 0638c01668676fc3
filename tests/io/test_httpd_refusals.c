/* What requests leave behind that are refused, or whose clients leave. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "site.h"

/* Some of them libmicrohttpd refuses without a word to the handler, for want of its own memory. */
/* No more than so many bytes. */
static bool is_in_use(void *user)
{
    return mallinfo2().uordblks <= *(const size_t *)user;
}

static void refused_requests_leave_nothing(void **state)
{
    enum { TIMES = 100, SIZE = 70000, TOLERATED = 32 /* bytes for each: a leak of any struct is more */ };
    static const struct {
        const char *why, *begin, *repeated, *end;
        size_t count;
        bool answered; /* else the client leaves */
    } rows[] = {
        { "cookies", "Cookie: ", "a=b; ", "\r\n\r\n", 300, true },
        { "a long target", "GET /", "abcdefgh", " HTTP/1.1\r\nHost: h\r\n\r\n", 8000, true },
        { "parameters", "GET /a?", "a&", " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", 10000, true },
        { "fields", "GET / HTTP/1.1\r\nHost: h\r\n", "x: y\r\n", "\r\n", 3000, true },
        { "a long field", "GET / HTTP/1.1\r\nHost: h\r\nX: ", "abcdefgh", "\r\n\r\n", 8000, true },
        { "two hosts", "GET / HTTP/1.1\r\nHost: h\r\n", "Host: h\r\n", "\r\n", 1, true },
        { "no host", "GET / HTTP/1.1\r\n", "X: y\r\n", "\r\n", 1, true },
        { "another protocol", "GET / HTTP/9.9\r\n", "Host: h\r\n", "\r\n", 1, true },
        { "no request", "\x16\x03\x01", "abcdefgh", "\r\n\r\n", 10, true },
        { "chunked", "POST / HTTP/1.1\r\nHost: h\r\n", "Transfer-Encoding: chunked\r\n", "\r\n", 1, true },
        { "too long a body", "POST / HTTP/1.1\r\nHost: h\r\n", "Content-Length: 101\r\n", "\r\n", 1, true },
        { "a negative length", "POST / HTTP/1.1\r\nHost: h\r\n", "Content-Length: -1\r\n", "\r\n", 1, true },
        { "left in its first line", "GET /", "abcdefgh", "", 1000, false },
        { "left in its fields", "GET / HTTP/1.1\r\n", "X: y\r\n", "", 100, false },
        { "left in its body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\n", "abcdefgh", "", 10, false },
        { "left before the answer", "GET /wait HTTP/1.1\r\nHost: h\r\n", "X: y\r\n", "\r\n", 1, false },
    };
    static char request[SIZE];
    struct site site;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 100, .body_limit = 100 }, &site_handlers);
    for (size_t row = 0; row < ARRAY_LEN(rows); row++) {
        size_t before = 0, len = 0;
        if (rows[row].begin[0] == 'C') /* behind a long target */
            len = (size_t)snprintf(request, sizeof request, "GET /%0*d HTTP/1.1\r\nHost: h\r\n", 24000, 0);
        len += (size_t)snprintf(request + len, sizeof request - len, "%s", rows[row].begin);
        for (size_t i = 0; i < rows[row].count; i++)
            len += (size_t)snprintf(request + len, sizeof request - len, "%s", rows[row].repeated);
        snprintf(request + len, sizeof request - len, "%s", rows[row].end);
        for (unsigned i = 0; i < 2 * TIMES; i++) {
            struct line line;
            line_open(&line, &site);
            line_say(&line, request);
            if (rows[row].answered)
                line_await(&line, &site, NULL);
            else
                await_span(site.loop, 0);
            close(line.fd);
            before = i == TIMES ? mallinfo2().uordblks : before;
        }
        before += (size_t)TIMES * TOLERATED;
        if (!await_loop(site.loop, is_in_use, &before, AWAIT_LIMIT)) /* some have not been noticed to have left yet */
            fail_msg("%s: %zu bytes for each", rows[row].why, (mallinfo2().uordblks - before) / TIMES + TOLERATED);
    }
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_requests_leave_nothing),
    };
    return cmocka_run_group_tests_name("httpd_refusals", tests, NULL, NULL);
}
