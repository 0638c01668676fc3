#include "template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

static const char document[] =
    "{\"hive_id\":\"h\",\"worker_id\":\"w\",\"text\":\"a\\u001b[2J\",\"number\":12,\"ago\":65000,"
    "\"state\":\"online\",\"list\":[\"a\",1,\"b\"],\"none\":null,\"in\":{\"it\":\"deep\"}}";

static void members_are_filled_in(void **state)
{
    static const struct {
        const char *why, *template, *text;
        bool colour;
    } rows[] = {
        { "no member", "a -> b | c", "a -> b | c", false },
        { "text is made printable", "[{text}]", "[a?[2J]", false },
        { "a member of a member", "{in.it}", "deep", false },
        { "a member of nothing", "{none.it}", "-", false },
        { "kinds", "{number:int} {number:ms} {ago:age} {number:difference} {list:list}", "12 12ms 1m 5s +12ms a, b",
          false },
        { "a name has no member of its own", "{:name}", "h/w", false },
        { "states", "{state:state} {none:state}", "\033[32monline\033[0m unknown", true },
        { "absent, or of another type", "{none} {number} {text:int}", "- - -", false },
        { "an optional part that is complete", "a< b {in.it}>", "a b deep", false },
        { "one that is not", "a< b {none}>c", "ac", false },
        { "one within another", "a< b {in.it}< c {none}>>", "a b deep", false },
        { "the first one of several that is complete", "<{none}|{in.it}|x>", "deep", false },
        { "the last one", "<{none}|{number}|x>", "x", false },
    };
    cJSON *tree = cJSON_Parse(document);
    (void)state;
    assert_non_null(tree);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct buf out = BUF_INIT;
        print_message("  %s\n", rows[i].why);
        template_add(&out, rows[i].template, tree, rows[i].colour);
        assert_string_equal(buf_str(&out), rows[i].text);
        buf_clear(&out);
    }
    cJSON_Delete(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_filled_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
