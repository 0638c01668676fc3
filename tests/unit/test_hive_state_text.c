#include "state_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LINE "skep-agent 1 5987d769 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n"

static void what_is_written_is_read(void **state)
{
    struct agent_record record = {
        "5987d769", { 4711, 0x0123456789abcdef, 1700000000000, 3 }, 8821, 0xfedcba9876543210
    };
    struct agent_record back;
    struct buf text = BUF_INIT;
    (void)state;
    state_text_write(&record, &text);
    assert_string_equal(buf_str(&text), LINE);
    assert_int_equal(state_text_read(buf_text(&text), &back), OK);
    assert_string_equal(back.boot_id, "5987d769");
    assert_int_equal(back.birth.pid, 4711);
    assert_int_equal(back.started, 8821);
    assert_true(back.birth.session == record.birth.session && back.fingerprint == record.fingerprint);
    assert_int_equal(back.birth.wall, 1700000000000);
    assert_int_equal(back.birth.restarts, 3);
    buf_clear(&text);
}

static void anything_else_is_refused(void **state)
{
    static const struct {
        const char *why, *text;
    } rows[] = {
        { "nothing", "" },
        { "cut", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3" },
        { "more than a line", LINE "\n" },
        { "a field too few", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000\n" },
        { "a field too many", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3 4\n" },
        { "another magic word", "skep-hive 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "another version", "skep-agent 2 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "no boot id", "skep-agent 1  4711 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "too long a boot id",
          "skep-agent 1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 4711 8821 0123456789abcdef "
          "fedcba9876543210 1700000000000 3\n" },
        { "everybody's pid", "skep-agent 1 boot -1 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "our group's pid", "skep-agent 1 boot 0 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "the first process", "skep-agent 1 boot 1 8821 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "a pid beyond pids", "skep-agent 1 boot 2147483648 8821 0123456789abcdef fedcba9876543210 17 3\n" },
        { "a negative start", "skep-agent 1 boot 4711 -1 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "no session", "skep-agent 1 boot 4711 8821 0000000000000000 fedcba9876543210 1700000000000 3\n" },
        { "no fingerprint", "skep-agent 1 boot 4711 8821 0123456789abcdef x 1700000000000 3\n" },
        { "no time", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 x 3\n" },
        { "negative restarts", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 -3\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent_record record = { .birth.pid = 77 };
        if (state_text_read(text_of(rows[i].text), &record) != ERR_SYNTAX || record.birth.pid != 77)
            fail_msg("%s", rows[i].why);
    }
}

static void what_a_power_cut_leaves(void **state)
{
    static const char zeros[4] = { 0 };
    (void)state;
    assert_true(state_text_is_lost((struct text){ zeros, 0 }));
    assert_true(state_text_is_lost((struct text){ zeros, sizeof zeros }));
    assert_false(state_text_is_lost((struct text){ "\0\0x", 3 }));
    assert_false(state_text_is_lost(text_of(LINE)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(what_a_power_cut_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
