#include "buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* An allocation that no machine can serve is part of these tests; let it return NULL under AddressSanitizer, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void what_is_added_stands_in_order(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    buf_add_str(&buf, "id=");
    buf_add_text(&buf, (struct text){ "w1xx", 2 });
    buf_add_char(&buf, ' ');
    buf_printf(&buf, "%d/%s", 3, "4");
    buf_add(&buf, "\0z", 2);
    buf_add(&buf, NULL, 0);
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.len, 11);
    assert_memory_equal(buf.at, "id=w1 3/4\0z", 12);
    assert_true(text_equal(buf_text(&buf), (struct text){ "id=w1 3/4\0z", 11 }));
    buf_clear(&buf);
}

static void an_empty_buffer_reads_as_an_empty_string(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    assert_string_equal(buf_str(&buf), "");
    assert_int_equal(buf_text(&buf).len, 0);
    assert_non_null(buf_text(&buf).at);
    buf_add_str(&buf, "");
    assert_string_equal(buf.at, "");
    buf_clear(&buf);
    buf_clear(&buf);
}

static void it_grows_to_any_length(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    for (int i = 0; i < 100000; i++) {
        buf_add_char(&buf, (char)('a' + i % 26));
        assert_int_equal(buf.at[buf.len], '\0');
    }
    assert_int_equal(buf.len, 100000);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.at[i], 'a' + i % 26);
    buf_printf(&buf, "%*s", 200000, "end");
    assert_int_equal(buf.len, 300000);
    assert_string_equal(buf.at + 300000 - 3, "end");
    buf_clear(&buf);
}

static void a_reset_empties_and_keeps_the_memory(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    buf_reset(&buf);
    buf_add_str(&buf, "something");
    size_t size = buf.size;
    buf_reset(&buf);
    assert_string_equal(buf.at, "");
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.size, size);
    buf_clear(&buf);
}

static void beyond_the_limit_it_fails_and_stays_failed(void **state)
{
    (void)state;
    struct buf buf = { .limit = 5 };
    buf_add_str(&buf, "12345");
    assert_true(buf_ok(&buf));
    buf_add_char(&buf, '6');
    assert_false(buf_ok(&buf));
    buf_add(&buf, "", 0);
    buf_printf(&buf, "%d", 1);
    assert_false(buf_ok(&buf));
    assert_string_equal(buf_str(&buf), "");
    assert_int_equal(buf_text(&buf).len, 0);
    assert_string_equal(buf.at, "12345");
    buf_reset(&buf);
    assert_true(buf_ok(&buf));
    buf_printf(&buf, "%06d", 1);
    assert_false(buf_ok(&buf));
    buf_clear(&buf);
    assert_true(buf_ok(&buf));
    assert_int_equal(buf.limit, 5);
}

static void a_limit_set_too_late_fails_the_next_change(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    buf_add_str(&buf, "12345");
    buf.limit = 3;
    buf_add_str(&buf, "");
    assert_false(buf_ok(&buf));
    buf_clear(&buf);
}

static void lengths_that_cannot_be_had_fail_it(void **state)
{
    static const struct {
        const char *why;
        size_t len;
    } rows[] = {
        { "would wrap around with the terminator", SIZE_MAX },
        { "is more than a pointer difference holds", (size_t)PTRDIFF_MAX },
        { "is more than realloc has", (size_t)PTRDIFF_MAX / 2 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        struct buf buf = BUF_INIT;
        buf_add_str(&buf, "before");
        buf_add(&buf, "", rows[i].len - (i == 2 ? buf.len : 0));
        assert_false(buf_ok(&buf));
        assert_string_equal(buf.at, "before");
        buf_clear(&buf);
    }
}

static void what_cannot_be_formatted_fails_it(void **state)
{
    (void)state;
    struct buf buf = BUF_INIT;
    buf_printf(&buf, "%ls", L"\u20AC"); /* no such character in the C locale */
    assert_false(buf_ok(&buf));
    buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_added_stands_in_order),
        cmocka_unit_test(an_empty_buffer_reads_as_an_empty_string),
        cmocka_unit_test(it_grows_to_any_length),
        cmocka_unit_test(a_reset_empties_and_keeps_the_memory),
        cmocka_unit_test(beyond_the_limit_it_fails_and_stays_failed),
        cmocka_unit_test(a_limit_set_too_late_fails_the_next_change),
        cmocka_unit_test(lengths_that_cannot_be_had_fail_it),
        cmocka_unit_test(what_cannot_be_formatted_fails_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
