/* What RFC 9110 and 9112 demand of a server, request by request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

#define HOST "Host: 127.0.0.1\r\n"
#define END "Connection: close\r\n\r\n"

static const struct {
    const char *why, *request, *want, *not ; /* what the answer holds; what it does not */
} rows[] = {
    { "3.2.1: a path", "GET /a HTTP/1.1\r\n" HOST END, "200 OK", NULL },
    { "3.2.2: a URL", "GET http://127.0.0.1/a HTTP/1.1\r\n" HOST END, "200 OK", NULL },
    { "3.2.2: its host goes before the field's", "GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example\r\n" END,
      "200 OK", NULL },
    { "... also where it is another's", "GET http://evil.example/ HTTP/1.1\r\n" HOST END, " 421 ", NULL },
    { "3.2.2: which must be there", "GET http://127.0.0.1/ HTTP/1.1\r\n" END, " 400 ", NULL },
    { "3.2.3: an authority is for proxies", "CONNECT 127.0.0.1:80 HTTP/1.1\r\n" HOST END, " 501 ", NULL },
    { "3.2.4: the server as a whole", "OPTIONS * HTTP/1.1\r\n" HOST END, " 204 ", NULL },
    { "3.2.4: ... what it takes", "OPTIONS * HTTP/1.1\r\n" HOST END, "Allow: GET, HEAD, POST, DELETE", NULL },
    { "3.2.4: ... and for nothing else", "GET * HTTP/1.1\r\n" HOST END, " 400 ", NULL },
    { "3.2: no target", "GET a HTTP/1.1\r\n" HOST END, " 400 ", NULL },
    { "3.2: another protocol's URL", "GET ftp://127.0.0.1/ HTTP/1.1\r\n" HOST END, " 400 ", NULL },
    { "3.2: no Host", "GET / HTTP/1.1\r\n" END, " 400 ", NULL },
    { "3.2: two of them", "GET / HTTP/1.1\r\n" HOST HOST END, " 400 ", NULL },
    { "3.2: no host", "GET / HTTP/1.1\r\nHost: a b\r\n" END, " 400 ", NULL },
    { "3.2: two hosts", "GET / HTTP/1.1\r\nHost: 127.0.0.1, evil.example\r\n" END, " 400 ", NULL },
    { "3.2: 1.0 needs none", "GET / HTTP/1.0\r\n\r\n", "200 OK", NULL },
    { "2.2: an empty line before", "\r\nGET / HTTP/1.1\r\n" HOST END, "200 OK", NULL },
    { "5.1: a blank before the colon", "GET / HTTP/1.1\r\n" HOST "X : y\r\n" END, " 400 ", NULL },
    { "5.1: no colon", "GET / HTTP/1.1\r\n" HOST "X\r\n" END, " 400 ", NULL },
    { "5.2: a folded line", "GET / HTTP/1.1\r\n" HOST "X: y\r\n z\r\n" END, " 400 ", NULL },
    { "5.2: a folded length is no longer one",
      "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n 0\r\n" END "0123456789", " 400 ", NULL },
    { "5.2: a folded empty value", "GET / HTTP/1.1\r\n" HOST "X:\r\n\tz\r\n" END, " 400 ", NULL },
    { "5.1: blanks around a value", "GET / HTTP/1.1\r\n" HOST "X: \t  y \r\nY:\r\nZ:z\r\n" END, "200 OK", NULL },
    { "5.2: a folded host", "GET / HTTP/1.1\r\nHost: 127.0.\r\n 0.1\r\n" END, " 400 ", NULL },
    { "6.1: chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", " 411 ", NULL },
    { "6.1: chunked and a length",
      "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 4", "200 OK" },
    { "6.1: ... the other way round",
      "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", "HTTP/1.1 4", "200 OK" },
    { "6.1: an encoding that nobody knows", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: brew\r\n\r\n", "HTTP/1.1 4",
      "200 OK" },
    { "6.3: two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", " 400 ",
      "200 OK" },
    { "6.3: a list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 3, 4\r\n\r\nabcd", " 400 ", "200 OK" },
    { "6.3: a signed length", "POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\nabc", " 400 ", "200 OK" },
    { "6.3: an empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n", " 400 ", "200 OK" },
    { "9110, 9.1: a method that nobody knows", "BREW / HTTP/1.1\r\n" HOST END, " 501 ", NULL },
    { "9110, 9.1: methods have capitals", "get / HTTP/1.1\r\n" HOST END, " 501 ", NULL },
    { "9110, 9.3.2: HEAD is like GET", "HEAD /a HTTP/1.1\r\n" HOST END, "200 OK", "answer" },
    { "9110, 9.3.2: ... with the length", "HEAD /a HTTP/1.1\r\n" HOST END, "Content-Length: ", "answer" },
    { "9110, 10.2.1: what is allowed", "GET /none HTTP/1.1\r\n" HOST END, "Allow: GET, HEAD\r\n", NULL },
    { "9110, 6.6.1: the date", "GET / HTTP/1.1\r\n" HOST END, "\r\nDate: ", NULL },
    { "9112, 9.6: the last one", "GET / HTTP/1.1\r\n" HOST END, "Connection: close", NULL },
};

static void requests(void **state)
{
    struct site site;
    (void)state;
    site_start(&site, (struct httpd_options){ .connections = 10, .body_limit = 100, .local_names_only = true },
               &site_handlers);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct line line;
        print_message("%s\n", rows[i].why);
        line_open(&line, &site);
        line_say(&line, rows[i].request);
        line_await(&line, &site, NULL); /* each of them is the last one of its connection */
        if (!strstr(line.answer, rows[i].want) || (rows[i].not &&strstr(line.answer, rows[i].not )))
            fail_msg("%s: %s", rows[i].why, line.answer);
        close(line.fd);
    }
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(requests) };
    return cmocka_run_group_tests_name("httpd_head", tests, NULL, NULL);
}
