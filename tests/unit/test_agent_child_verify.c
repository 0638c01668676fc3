#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "child_verify.h"

struct look {
    char state;
    ms_t left;
};

static void looks(void **state)
{
    static const struct {
        const char *reason;
        bool tells;
        struct look looks[3];
        enum skep_work answers[3];
    } rows[] = {
        { "asleep: who knows",
          false,
          { { 'S', 4500 }, { 'S', 4300 }, { 'R', 200 } },
          { SKEP_WORK_UNKNOWN, SKEP_WORK_UNKNOWN, SKEP_WORK_UNKNOWN } },
        { "stopped throughout",
          false,
          { { 'T', 4500 }, { 'T', 301 }, { 'T', 300 } },
          { SKEP_WORK_LATER, SKEP_WORK_LATER, SKEP_WORK_STALLED } },
        { "in a debugger, and on a bad disk, and so on until the time is up",
          false,
          { { 't', 4500 }, { 'D', 400 }, { 'D', 0 } },
          { SKEP_WORK_LATER, SKEP_WORK_LATER, SKEP_WORK_STALLED } },
        { "stopped for a moment",
          false,
          { { 'T', 4500 }, { 'S', 4300 }, { 'T', 200 } },
          { SKEP_WORK_LATER, SKEP_WORK_UNKNOWN, SKEP_WORK_UNKNOWN } },
        { "no time for a second look", false, { { 'T', 250 } }, { SKEP_WORK_STALLED } },
        { "it tells of its progress: wait for its word",
          true,
          { { 'S', 4500 }, { 'T', 300 }, { 'T', 0 } },
          { SKEP_WORK_LATER, SKEP_WORK_LATER, SKEP_WORK_LATER } },
        { "it would tell, but is stopped",
          true,
          { { 'T', 4500 }, { 'T', 500 }, { 'T', 100 } },
          { SKEP_WORK_LATER, SKEP_WORK_LATER, SKEP_WORK_STALLED } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct child_verify verify = { 0 };
        print_message("%s\n", rows[i].reason);
        for (size_t n = 0; n < 3 && rows[i].looks[n].state; n++)
            assert_int_equal(child_verify_check(&verify, rows[i].looks[n].state, rows[i].tells, rows[i].looks[n].left),
                             rows[i].answers[n]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(looks) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
