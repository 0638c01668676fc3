#include "url_query.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void values_are_escaped(void **state)
{
    static const struct {
        const char *why, *value, *url;
    } rows[] = {
        { "what needs nothing", "Az-09._~", "/v1?a=Az-09._~" },
        { "what would end the value", "b&c=d#e", "/v1?a=b%26c%3Dd%23e" },
        { "what a server would read otherwise", "a+b%20 /", "/v1?a=a%2Bb%2520%20%2F" },
        { "bytes above ASCII", "é", "/v1?a=%C3%A9" },
        { "an empty value is a value", "", "/v1?a=" },
        { "an absent one is not", NULL, "/v1" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf url = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        buf_add_str(&url, "/v1");
        url_query_add(&url, "a", rows[i].value);
        assert_string_equal(buf_str(&url), rows[i].url);
        buf_clear(&url);
    }
}

static void the_second_pair_follows_an_ampersand(void **state)
{
    struct buf url = BUF_INIT;
    (void)state;
    url_query_add(&url, "a", "1");
    url_query_add(&url, "b", NULL);
    url_query_add(&url, "c", "3");
    assert_string_equal(buf_str(&url), "?a=1&c=3");
    buf_clear(&url);
}

static void a_path_keeps_its_slashes(void **state)
{
    struct buf url = BUF_INIT;
    (void)state;
    buf_add_str(&url, "file:");
    url_add_encoded(&url, "/a b/100%?#.db", "./");
    assert_string_equal(buf_str(&url), "file:/a%20b/100%25%3F%23.db");
    buf_clear(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_escaped),
        cmocka_unit_test(the_second_pair_follows_an_ampersand),
        cmocka_unit_test(a_path_keeps_its_slashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
