#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "own_path.h"

static void this_program_is_next_to_itself(void **state)
{
    char path[PATH_MAX] = "";
    (void)state;
    assert_int_equal(own_path_next_to("io_own_path", path, NULL), OK);
    assert_string_equal(strrchr(path, '/'), "/io_own_path");
}

static void what_is_missing_is_named(void **state)
{
    char path[PATH_MAX] = "as before";
    struct errbuf e = { 0 };
    (void)state;
    assert_int_equal(own_path_next_to("skep-nothing", path, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, "skep-nothing is not installed next to /"));
    assert_string_equal(path, "as before");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_program_is_next_to_itself),
        cmocka_unit_test(what_is_missing_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
