/* Which URLs an HTTP client asks, and what it makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "http_url.h"

static const struct {
    const char *why;
    const char *url;
    const char *want; /* what is asked; NULL = refused */
    const char *says; /* ... with this in the sentence */
} rows[] = {
    { "an address", "http://127.0.0.1", "http://127.0.0.1/health" },
    { "a port", "http://127.0.0.1:8080", "http://127.0.0.1:8080/health" },
    { "a slash", "http://127.0.0.1:8080/", "http://127.0.0.1:8080/health" },
    { "the path itself", "http://127.0.0.1:8080/health", "http://127.0.0.1:8080/health" },
    { "https", "https://192.0.2.7/health", "https://192.0.2.7/health" },
    { "a v6 address", "http://[2001:db8::1]:80", "http://[2001:db8::1]:80/health" },
    { "localhost", "http://localhost:8080", "http://localhost:8080/health" },
    { "capitals", "HTTP://LOCALHOST", "http://LOCALHOST/health" },
    { "another spelling of an address becomes one", "http://0x7f.1:80", "http://127.0.0.1:80/health" },
    { "an escaped one as well", "http://127%2e0.0.1", "http://127.0.0.1/health" },
    { "a name", "http://worker.example:80", NULL, "by an address, or as localhost" },
    { "a name below localhost", "http://w1.localhost", NULL, "by an address, or as localhost" },
    { "looks like an address", "http://127.0.0.1.example", NULL, "by an address, or as localhost" },
    { "localhost with a dot behind", "http://localhost.", NULL, "by an address, or as localhost" },
    { "a user", "http://me@127.0.0.1", NULL, "no user" },
    { "a user and a password", "http://me:secret@127.0.0.1", NULL, "no user" },
    { "an address as the user", "http://127.0.0.1@192.0.2.7", NULL, "no user" },
    { "... with a backslash", "http://127.0.0.1\\@192.0.2.7", NULL, "no user" },
    { "another path", "http://127.0.0.1/metrics", NULL, "no other path than /health" },
    { "a path below", "http://127.0.0.1/health/x", NULL, "no other path than /health" },
    { "a path with a way back", "http://127.0.0.1/x/../health", NULL, "no other path than /health" },
    { "an escaped path", "http://127.0.0.1/%68ealth", NULL, "no other path than /health" },
    { "two slashes", "http://127.0.0.1//health", NULL, "no other path than /health" },
    { "a query", "http://127.0.0.1/health?full=1", NULL, "no query" },
    { "a query without a path", "http://127.0.0.1?full=1", NULL, "no query" },
    { "a fragment", "http://127.0.0.1/health#x", NULL, "no fragment" },
    { "a zone", "http://[fe80::1%25eth0]/", NULL, "no zone" },
    { "another scheme", "ftp://127.0.0.1/health", NULL, "http://" },
    { "a file", "file:///health", NULL, "http://" },
    { "a scheme that nobody knows", "mqtt+x://127.0.0.1", NULL, "http://" },
    { "no scheme", "127.0.0.1:8080", NULL, "http://" },
    { "no host", "http://:80", NULL, "http://HOST" },
    { "no port", "http://127.0.0.1:x", NULL, "http://HOST" },
    { "no such port", "http://127.0.0.1:65536", NULL, "http://HOST" },
    { "nothing", "", NULL, "http://HOST" },
    { "a line break", "http://127.0.0.1/\r\nX: y", NULL, "'http://127.0.0.1/??X: y'" },
    { "a space", "http://127.0.0.1 ", NULL, "http://HOST" },
};

static void only_plain_urls_are_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        CURLU *parsed = NULL;
        char *url = NULL;
        enum err err = http_url_parse(rows[i].url, "/health", &parsed, &e);
        if (parsed)
            assert_int_equal(curl_url_get(parsed, CURLUPART_URL, &url, 0), CURLUE_OK);
        if (err != (rows[i].want ? OK : ERR_SYNTAX) || !url != !rows[i].want)
            fail_msg("%s: %s, %s, '%s'", rows[i].why, err_name(err), url ? url : "none", e.text);
        if (rows[i].want ? strcmp(url, rows[i].want) != 0 || e.text[0] : !strstr(e.text, rows[i].says))
            fail_msg("%s: %s, '%s'", rows[i].why, url ? url : "none", e.text);
        curl_free(url);
        curl_url_cleanup(parsed);
    }
}

static const struct {
    const char *why, *url, *want, *says; /* as above */
} own_rows[] = {
    { "no path", "http://127.0.0.1:7833", "http://127.0.0.1:7833/health" },
    { "a slash", "http://127.0.0.1:7833/", "http://127.0.0.1:7833/health" },
    { "a path stays", "http://proxy.example/skep", "http://proxy.example/skep" },
    { "a name", "https://queen.example", "https://queen.example/health" },
    { "a v6 address", "http://[::1]:7833", "http://[::1]:7833/health" },
    { "another scheme", "mqtt://127.0.0.1", NULL, "must begin with http://" },
    { "a file", "file:///x", NULL, "http://" },
    { "no scheme", "127.0.0.1:7833", NULL, "http://HOST" },
    { "a query", "http://127.0.0.1/?x", NULL, "no query" },
    { "a fragment", "http://127.0.0.1/#x", NULL, "no fragment" },
    { "a user", "http://me@127.0.0.1", NULL, "the URL must name no user" },
    { "a password is not quoted", "http://me:secret@127.0.0.1", NULL, "the URL must name no user" },
    { "nor one in what is no URL", "http://me:secret@:x", NULL, "the URL must be http://HOST" },
};

static void own_urls_may_have_names_and_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(own_rows); i++) {
        struct errbuf e = { 0 };
        char *url = NULL;
        enum err err = http_url_read(own_rows[i].url, "/health", &url, &e);
        if (err != (own_rows[i].want ? OK : ERR_SYNTAX) || !url != !own_rows[i].want)
            fail_msg("%s: %s, %s, '%s'", own_rows[i].why, err_name(err), url ? url : "none", e.text);
        if (own_rows[i].want ? strcmp(url, own_rows[i].want) != 0 : !strstr(e.text, own_rows[i].says))
            fail_msg("%s: %s, '%s'", own_rows[i].why, url ? url : "none", e.text);
        free(url);
    }
}

static void a_url_is_private_or_not(void **state)
{
    const struct {
        const char *url;
        bool is_private;
    } urls[] = {
        { "http://127.0.0.1:7833", true },
        { "http://127.9.9.9/skep", true },
        { "http://localhost:7833", true },
        { "http://LOCALHOST", true },
        { "http://[::1]:7833", true },
        { "https://queen.example", true },
        { "http://queen.example:7833", false },
        { "http://localhost.example", false },
        { "http://127.0.0.1.example:7833", false },
        { "http://10.0.0.1", false },
        { "http://[::2]", false },
        { "http://[fe80::1%25lo]", false },
        { "http://0.0.0.0", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++)
        if (http_url_is_private(urls[i].url) != urls[i].is_private)
            fail_msg("%s", urls[i].url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_plain_urls_are_asked),
        cmocka_unit_test(own_urls_may_have_names_and_paths),
        cmocka_unit_test(a_url_is_private_or_not),
    };
    return cmocka_run_group_tests_name("http_url", tests, NULL, NULL);
}
