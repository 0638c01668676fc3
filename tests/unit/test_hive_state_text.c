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
        { "an end without its time", "skep-exit 1 x 0 - 0 4711 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "a code beyond codes", "skep-exit 1 17 256 - 0 4711 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "no signal's place", "skep-exit 1 17 0 0 4711 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "too long a signal",
          "skep-exit 1 17 0 SIGSIGSIGSIGSIGS 0 4711 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "neither killed for memory nor not",
          "skep-exit 1 17 0 - 2 4711 0123456789abcdef fedcba9876543210 1700000000000 3\n" },
        { "negative restarts", "skep-agent 1 boot 4711 8821 0123456789abcdef fedcba9876543210 1700000000000 -3\n" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct agent_record record = { .birth.pid = 77 };
        if (state_text_read(text_of(rows[i].text), &record) != ERR_SYNTAX || record.birth.pid != 77)
            fail_msg("%s", rows[i].why);
    }
}

static void what_is_written_of_an_end_is_read(void **state)
{
    static const char line[] = "skep-exit 1 1700000009000 139 SIGSEGV 0 4711 0123456789abcdef fedcba9876543210 "
                               "1700000000000 3\n";
    struct agent_record record = { .birth = { 4711, 0x0123456789abcdef, 1700000000000, 3 },
                                   .fingerprint = 0xfedcba9876543210,
                                   .is_over = true,
                                   .ended_at = 1700000009000,
                                   .code = 139,
                                   .signal = "SIGSEGV" };
    struct agent_record back;
    struct buf text = BUF_INIT;
    (void)state;
    state_text_write(&record, &text);
    assert_string_equal(buf_str(&text), line);
    assert_int_equal(state_text_read(buf_text(&text), &back), OK);
    assert_true(back.is_over && back.ended_at == record.ended_at && back.code == 139 && back.oom == 0);
    assert_string_equal(back.signal, "SIGSEGV");
    assert_int_equal(back.birth.pid, 4711);
    assert_true(back.birth.session == record.birth.session && back.fingerprint == record.fingerprint);
    buf_reset(&text);
    record.code = record.oom = -1;
    record.signal[0] = '\0';
    state_text_write(&record, &text);
    assert_int_equal(state_text_read(buf_text(&text), &back), OK);
    assert_true(back.code == -1 && back.oom == -1 && back.signal[0] == '\0');
    buf_clear(&text);
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
        cmocka_unit_test(what_is_written_of_an_end_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(what_a_power_cut_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
