#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "exit_status.h"

static void endings(void **state)
{
    static const struct {
        const char *reason;
        struct exit_status exit_status;
        int code;
        bool crash;
    } rows[] = {
        { "a clean end", { 0, 0, false }, 0, false },
        { "a clean end on request", { 0, 0, true }, 0, false },
        { "a failure", { 3, 0, false }, 3, true },
        { "a failure on request", { 143, 0, true }, 143, false },
        { "a crash", { 0, 11, false }, 139, true },
        { "the signal that was asked for", { 0, 15, true }, 143, false },
        { "a TERM that somebody else sent", { 0, 15, false }, 143, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("%s\n", rows[i].reason);
        assert_int_equal(exit_status_code(&rows[i].exit_status), rows[i].code);
        assert_int_equal(exit_status_is_crash(&rows[i].exit_status), rows[i].crash);
    }
}

static void waited_for(void **state)
{
    static const struct {
        const char *reason;
        int wait_status, status, signal;
    } rows[] = {
        { "a clean end", 0, 0, 0 },
        { "a failure", W_EXITCODE(3, 0), 3, 0 },
        { "the highest code", W_EXITCODE(255, 0), 255, 0 },
        { "a signal", W_EXITCODE(0, SIGKILL), 0, SIGKILL },
        { "a signal, and a core of it", W_EXITCODE(0, SIGSEGV) | WCOREFLAG, 0, SIGSEGV },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct exit_status ended = exit_status_of_wait(rows[i].wait_status);
        print_message("%s\n", rows[i].reason);
        assert_int_equal(ended.status, rows[i].status);
        assert_int_equal(ended.signal, rows[i].signal);
        assert_int_equal(ended.oom, -1);
        assert_false(ended.was_asked_for || ended.is_unknown || ended.never_ran);
    }
}

static void signals(void **state)
{
    static const struct {
        int number;
        const char *name;
    } rows[] = { { 11, "SIGSEGV" }, { 9, "SIGKILL" }, { 15, "SIGTERM" }, { 6, "SIGABRT" }, { 40, "SIG40" } };
    char name[SIGNAL_NAME_SIZE];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        signal_name(rows[i].number, name);
        assert_string_equal(name, rows[i].name);
    }
}

static void out_of_memory(void **state)
{
    static const struct {
        const char *reason;
        int64_t before, after; /* the count at 0, and at 5000 */
        bool is_notified;
        int signal;
        ms_t died_at;
        int oom;
    } rows[] = {
        { "the count rose just before", 2, 3, true, SIGKILL, 5100, 1 },
        { "it did not rise", 2, 2, true, SIGKILL, 5000, 0 },
        { "it rose, and this died of something else", 2, 3, true, SIGSEGV, 5000, 0 },
        { "it rose a while ago, for another one, or for one that takes long to die", 2, 3, true, SIGKILL, 6000, -1 },
        { "it rose long ago, for another one", 2, 3, true, SIGKILL, 15001, 0 },
        { "it rose, and nobody knows when", 2, 3, false, SIGKILL, 5000, -1 },
        { "it cannot be read any more", 2, -1, true, SIGKILL, 5000, -1 },
        { "it could not be read before", -1, 3, true, SIGKILL, 5000, 0 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct oom_count count = { .kills = -1 };
        print_message("%s\n", rows[i].reason);
        oom_count_see(&count, rows[i].before, 0, rows[i].is_notified);
        oom_count_see(&count, rows[i].after, 5000, rows[i].is_notified);
        assert_int_equal(oom_count_judge(&count, rows[i].signal, rows[i].died_at), rows[i].oom);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(endings), cmocka_unit_test(waited_for),
                                        cmocka_unit_test(signals), cmocka_unit_test(out_of_memory) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
