/* Whose requests a server takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "httpd_names.h"

static void hosts(void **state)
{
    static const struct {
        const char *host;
        bool on_loopback, on_all, with_more;
    } rows[] = {
        { "127.0.0.1", true, true, true },
        { "127.0.0.1:7833", true, true, true },
        { "127.1.2.3:1", true, true, true },
        { "localhost:7833", true, true, true },
        { "LocalHost", true, true, true },
        { "[::1]:7833", true, true, true },
        { "192.0.2.1:7833", false, true, false },
        { "[2001:db8::1]", false, true, false },
        { "queen.example", false, false, true },
        { "QUEEN.example:443", false, false, true },
        { "queen", false, false, true },
        { "evil.example", false, false, false },
        { "queen.example.evil.example", false, false, false },
        { "queen.exampl", false, false, false },
        { "queen,queen.example", false, false, false },
        { "127.0.0.1.evil.example", false, false, false },
        { "localhost.evil.example:7833", false, false, false },
        { "127.0.0.1@evil.example", false, false, false },
        { "evil.example:7833:7833", false, false, false },
        { ":7833", false, false, false },
        { "", false, false, false },
        { "127.0.0.1:", true, true, true }, /* an empty port, and the dot of a complete name */
        { "localhost.", true, true, true },
        { "localhost.:7833", true, true, true },
        { "[::1]:", true, true, true },
        { "[0:0:0::1]", true, true, true },
        { "queen.example.", false, false, true },
        { "queen.:", false, false, true },
        { "proxy.example", false, false, true },
        { "[2001:DB8:0::7]", false, true, true },
        { "127.0.0.1.", false, false, false }, /* a resolver may take that for a name */
        { "192.0.2.1.", false, false, false },
        { "[::1.]", false, false, false },
        { "localhost..", false, false, false },
        { "queen.example..", false, false, false },
        { "evil.example.", false, false, false },
        { "localhost.evil.example.", false, false, false },
        { "localhost::", false, false, false },
        { "evil.example:", false, false, false },
        { ".", false, false, false },
        { ":", false, false, false },
        { "::1:", false, false, false },
    };
    struct address loopback = { .host = "127.0.0.1" }, all = { .host = "0.0.0.0" };
    struct httpd_names local, open, more, any;
    (void)state;
    httpd_names_init(&local, &loopback, false, NULL);
    httpd_names_init(&open, &all, false, NULL);
    httpd_names_init(&more, &loopback, false, "queen.example,queen., proxy.example ,2001:db8::7");
    httpd_names_init(&any, &loopback, true, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct text host = text_of(rows[i].host);
        if (httpd_names_has(&local, host) != rows[i].on_loopback || httpd_names_has(&open, host) != rows[i].on_all ||
            httpd_names_has(&more, host) != rows[i].with_more || !httpd_names_has(&any, host))
            fail_msg("'%s'", rows[i].host);
    }
}

static void what_no_request_can_have_is_not_listed(void **state)
{
    static const struct {
        const char *more, *quotes; /* NULL: it is fine */
    } rows[] = {
        { NULL, NULL },
        { "queen.example", NULL },
        { "queen.example., queen ,\tproxy_1", NULL },
        { "10.0.0.7,2001:db8::7", NULL },
        { "proxy.example:8443", "'proxy.example:8443'" },
        { "queen, http://queen.example", "'http://queen.example'" },
        { "queen.example/", "'queen.example/'" },
        { "[2001:db8::7]", "'[2001:db8::7]'" },
        { "*", "'*'" },
        { "*.example", "'*.example'" },
        { ".example", "'.example'" },
        { "queen proxy", "'queen proxy'" },
        { "k\xc3\xb6nigin.example", "'k\xc3\xb6nigin.example'" },
        { "10.0.0.7.", "'10.0.0.7.'" },
        { "queen,", "''" },
        { "", "''" },
        { "a, ,b", "''" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        enum err err = httpd_names_check(rows[i].more, &e);
        if (rows[i].quotes ? err != ERR_SYNTAX || !strstr(e.text, rows[i].quotes) || !strstr(e.text, "without") : err)
            fail_msg("%s: %s", rows[i].more, e.text);
    }
}

static void the_machine_has_a_name(void **state)
{
    struct address loopback = { .host = "127.0.0.1" }, all = { .host = "::" };
    char name[256] = "";
    struct httpd_names names;
    (void)state;
    assert_int_equal(gethostname(name, sizeof name - 1), 0);
    httpd_names_init(&names, &all, false, NULL);
    assert_true(httpd_names_has(&names, text_of(name)));
    httpd_names_init(&names, &loopback, false, NULL);
    assert_int_equal(httpd_names_has(&names, text_of(name)), strcmp(name, "localhost") == 0);
}

static void sites(void **state)
{
    static const struct {
        const char *why, *fetch_site, *origin, *host;
        bool cross;
    } rows[] = {
        { "no browser", NULL, NULL, "127.0.0.1:7833", false },
        { "typed by its user", "none", NULL, "127.0.0.1:7833", false },
        { "our own page", "same-origin", "http://127.0.0.1:7833", "127.0.0.1:7833", false },
        { "an older browser, our own page", NULL, "http://127.0.0.1:7833", "127.0.0.1:7833", false },
        { "another site", "cross-site", NULL, "127.0.0.1:7833", true },
        { "another port or subdomain", "same-site", NULL, "127.0.0.1:7833", true },
        { "what is not known yet", "new-site", NULL, "127.0.0.1:7833", true },
        { "an older browser, another site", NULL, "http://evil.example", "127.0.0.1:7833", true },
        { "another program of this machine", NULL, "http://127.0.0.1:3000", "127.0.0.1:7833", true },
        { "a page of nobody", NULL, "null", "127.0.0.1:7833", true },
        { "empty", NULL, "", "127.0.0.1:7833", true },
        { "no host", NULL, "http://127.0.0.1:7833", NULL, true },
        { "behind a proxy that sets Host", "same-origin", "https://queen.example", "127.0.0.1:7833", false },
        { "the same, at another port", NULL, "https://queen.example:8443", "127.0.0.1:7833", false },
        { "behind a proxy that keeps Host", NULL, "https://queen.example", "queen.example", false },
        { "looks like it", NULL, "https://queen.example.evil.example", "127.0.0.1:7833", true },
        { "both must be right", "same-origin", "http://evil.example", "127.0.0.1:7833", true },
    };
    struct address loopback = { .host = "127.0.0.1" };
    struct httpd_names names;
    (void)state;
    httpd_names_init(&names, &loopback, false, "queen.example");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (httpd_is_cross_site(&names, rows[i].fetch_site, rows[i].origin, rows[i].host) != rows[i].cross)
            fail_msg("%s", rows[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts),
        cmocka_unit_test(what_no_request_can_have_is_not_listed),
        cmocka_unit_test(the_machine_has_a_name),
        cmocka_unit_test(sites),
    };
    return cmocka_run_group_tests_name("httpd_names", tests, NULL, NULL);
}
