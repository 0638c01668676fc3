#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "line_ring.h"

static void the_oldest_give_way(void **state)
{
    static const struct {
        const char *why;
        size_t bytes_max;
        unsigned lines_max;
        const char *lines[5];
        const char *kept;
        uint64_t lost;
    } rows[] = {
        { "there is room", 12, 0, { "one", "two" }, "one\ntwo\n", 0 },
        { "to the last byte", 12, 0, { "one", "two", "six" }, "one\ntwo\nsix\n", 0 },
        { "too many bytes", 12, 0, { "one", "two", "four" }, "two\nfour\n", 1 },
        { "one that is as long as two", 12, 0, { "one", "two", "six", "sixteen" }, "six\nsixteen\n", 2 },
        { "too many lines", 100, 2, { "one", "two", "six" }, "two\nsix\n", 1 },
        { "empty ones are lines", 3, 0, { "", "", "", "" }, "\n\n\n", 1 },
        { "longer than all may be", 8, 0, { "one", "fourteen" }, "fourtee\n", 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct line_ring ring = { .bytes_max = rows[i].bytes_max, .lines_max = rows[i].lines_max };
        print_message("%s\n", rows[i].why);
        assert_null(line_ring_oldest(&ring).at);
        for (size_t n = 0; n < ARRAY_LEN(rows[i].lines) && rows[i].lines[n]; n++)
            line_ring_add(&ring, text_of(rows[i].lines[n]));
        assert_true(text_is(line_ring_all(&ring), rows[i].kept));
        assert_int_equal(ring.lost, rows[i].lost);
        line_ring_clear(&ring);
        assert_int_equal(line_ring_all(&ring).len, 0);
    }
}

static void taken_in_pieces(void **state)
{
    struct line_ring ring = { .bytes_max = 12 };
    (void)state;
    line_ring_add(&ring, TEXT("four"));
    line_ring_add(&ring, TEXT("two"));
    line_ring_take(&ring, 2);
    assert_true(text_is(line_ring_oldest(&ring), "ur\n"));
    assert_int_equal(ring.lines, 2);
    line_ring_take(&ring, 3);
    assert_true(text_is(line_ring_oldest(&ring), "two\n"));
    line_ring_take(&ring, 4);
    assert_null(line_ring_oldest(&ring).at);
    assert_int_equal(ring.lines, 0);
    assert_int_equal(ring.lost, 0); /* they were taken */
    line_ring_clear(&ring);
}

static void several_at_once(void **state)
{
    struct line_ring ring = { .bytes_max = 20 };
    (void)state;
    assert_null(line_ring_head(&ring, 10).at);
    line_ring_add(&ring, TEXT("one"));
    line_ring_add(&ring, TEXT("two"));
    line_ring_add(&ring, TEXT("eleven"));
    assert_true(text_is(line_ring_head(&ring, 20), "one\ntwo\neleven\n"));
    assert_true(text_is(line_ring_head(&ring, 14), "one\ntwo\n"));
    assert_true(text_is(line_ring_head(&ring, 7), "one\n"));
    assert_true(text_is(line_ring_head(&ring, 3), "one"));
    line_ring_take(&ring, 10);
    assert_int_equal(ring.lines, 1);
    assert_true(text_is(line_ring_head(&ring, 20), "even\n"));
    line_ring_take(&ring, 5);
    assert_int_equal(ring.lines, 0);
    line_ring_clear(&ring);
}

/* However long it goes on: the numbers are consecutive, and every line is there or counted. */
static void a_long_stream(void **state)
{
    enum { LINES = 10000 };
    struct line_ring ring = { .bytes_max = 1000, .lines_max = 50 };
    int next = 0, taken = 0;
    (void)state;
    for (int i = 0; i < LINES; i++) {
        char line[32];
        line_ring_add(&ring, (struct text){ line, (size_t)snprintf(line, sizeof line, "line %0*d", i % 20 + 1, i) });
        if (i % 3 == 0) {
            struct text oldest = line_ring_oldest(&ring);
            int64_t number;
            assert_true(text_skip(&oldest, TEXT("line ")));
            oldest.len--;
            assert_int_equal(text_to_int(oldest, &number), OK);
            assert_true(number >= next);
            next = (int)number + 1;
            line_ring_take(&ring, line_ring_oldest(&ring).len);
            taken++;
        }
        assert_true(line_ring_all(&ring).len <= 1000);
    }
    assert_int_equal(taken + ring.lines + ring.lost, LINES);
    line_ring_clear(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_give_way),
        cmocka_unit_test(taken_in_pieces),
        cmocka_unit_test(several_at_once),
        cmocka_unit_test(a_long_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
