/* The limit of descriptors: raised for this process, and not for those that it starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "descriptors.h"
#include "loop_child.h"

static rlim_t soft(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static bool has_ended;

static void ended(void *user, const struct exit_status *exit_status)
{
    (void)user;
    assert_int_equal(exit_status_code(exit_status), 0);
    has_ended = true;
}

static bool is_over(void *user)
{
    (void)user;
    return has_ended;
}

/* Started as the programs start theirs. */
static void assert_a_command_has(const char *limit)
{
    char shell[] = "/bin/sh", flag[] = "-c", command[] = "test $(ulimit -S -n) = $0";
    char *arguments[] = { shell, flag, command, (char *)limit, NULL };
    struct loop_child_options options = {
        .file = shell, .arguments = arguments, .environment = environ, .ended = ended
    };
    struct loop_child *child;
    struct loop *loop;
    has_ended = false;
    assert_int_equal(loop_new(&loop, NULL), OK);
    assert_int_equal(loop_child_new(loop, &options, &child, NULL), OK);
    assert_true(await_loop(loop, is_over, NULL, AWAIT_LIMIT));
    loop_child_free(child);
    loop_free(loop);
}

static void they_are_counted(void **state)
{
    unsigned before = descriptors_open();
    int fd = dup(0);
    (void)state;
    assert_true(before >= 3);
    assert_int_equal(descriptors_open(), before + 1);
    close(fd);
    assert_int_equal(descriptors_open(), before);
    assert_int_equal(descriptors_limit(), soft());
}

static void only_ours_is_raised(void **state)
{
    struct rlimit low = { 100, 1000 };
    (void)state;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(descriptors_want(50), 100); /* there are enough */
    assert_int_equal(soft(), 100);
    assert_a_command_has("100");
    assert_int_equal(descriptors_want(200), 200);
    assert_int_equal(soft(), 200);
    assert_a_command_has("100");
    assert_int_equal(descriptors_want(2000), 1000); /* there are not more */
    assert_int_equal(soft(), 1000);
    assert_a_command_has("100");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_are_counted),
        cmocka_unit_test(only_ours_is_raised),
    };
    return cmocka_run_group_tests_name("descriptors", tests, NULL, NULL);
}
