#include "arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* An allocation that no machine can serve is part of these tests; let it return NULL under AddressSanitizer, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static void memory_is_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 0, 100000, 3 };
    unsigned char *at[ARRAY_LEN(sizes)];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        at[i] = arena_alloc(&arena, sizes[i]);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % 16, 0);
        memset(at[i], (int)i, sizes[i]);
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(at[i], at[j]);
    }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(at[i][k], i);
}

static void zeroed_memory_is_zero_after_a_reset_too(void **state)
{
    (void)state;
    memset(arena_alloc(&arena, 64), 0xFF, 64);
    arena_reset(&arena);
    const unsigned char *at = arena_zalloc(&arena, 64);
    for (size_t i = 0; i < 64; i++)
        assert_int_equal(at[i], 0);
}

static void the_limit_counts_what_was_handed_out(void **state)
{
    (void)state;
    arena.limit = 64;
    assert_non_null(arena_alloc(&arena, 33)); /* 48 with its padding */
    assert_int_equal(arena.used, 48);
    assert_null(arena_alloc(&arena, 17));
    assert_null(arena_zalloc(&arena, 17));
    assert_int_equal(arena.used, 48);
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, 0));
    arena_reset(&arena);
    assert_int_equal(arena.used, 0);
    assert_non_null(arena_alloc(&arena, 64));
}

static void everything_that_allocates_respects_the_limit(void **state)
{
    (void)state;
    arena.limit = 16;
    assert_null(arena_copy(&arena, TEXT("sixteen letters.")));
    assert_null(arena_printf(&arena, "%016d", 7));
    assert_non_null(arena_copy(&arena, TEXT("fifteen letters")));
    int object = 0;
    assert_false(arena_on_reset(&arena, NULL, &object));
}

static void sizes_that_cannot_be_had_are_refused(void **state)
{
    static const struct {
        const char *why;
        size_t size;
    } rows[] = {
        { "would wrap around when rounded up", SIZE_MAX },
        { "would wrap around with the header of its block", SIZE_MAX - 64 },
        { "is more than a pointer difference holds", (size_t)PTRDIFF_MAX },
        { "is more than malloc has", (size_t)PTRDIFF_MAX / 4 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_null(arena_alloc(&arena, rows[i].size));
    }
    assert_null(arena_copy(&arena, (struct text){ "", SIZE_MAX }));
    assert_int_equal(arena.used, 0);
    assert_non_null(arena_alloc(&arena, 1));
}

static void copies_are_terminated(void **state)
{
    (void)state;
    assert_string_equal(arena_copy(&arena, (struct text){ "abcdef", 3 }), "abc");
    assert_string_equal(arena_copy(&arena, (struct text){ NULL, 0 }), "");
    assert_string_equal(arena_printf(&arena, "%s/%d", "w", 7), "w/7");
    assert_string_equal(arena_printf(&arena, "%s", ""), "");
    assert_null(arena_printf(&arena, "%ls", L"\u20AC")); /* no such character in the C locale */
}

/* After a few rounds of the same need, the arena has one block, and every round is served from it. */
static void a_steady_need_settles_on_one_block(void **state)
{
    (void)state;
    const void *first = NULL;
    for (int round = 0; round < 8; round++) {
        arena_reset(&arena);
        const void *at = arena_alloc(&arena, 100);
        for (int i = 0; i < 1000; i++)
            assert_non_null(arena_alloc(&arena, 100));
        if (round >= 3) {
            assert_true(round == 3 || at == first);
            first = at;
        }
    }
}

static void a_reset_reuses_the_block(void **state)
{
    (void)state;
    const void *at = arena_alloc(&arena, 10);
    arena_reset(&arena);
    assert_ptr_equal(arena_alloc(&arena, 10), at);
}

static char order[8];
static char a[] = "a", b[] = "b", c[] = "c", late[] = "+";

static void note(void *object)
{
    strncat(order, object, sizeof order - strlen(order) - 1);
}

static void note_and_register(void *object)
{
    note(object);
    assert_true(arena_on_reset(&arena, note, late));
}

static void cleanups_run_once_last_come_first(void **state)
{
    (void)state;
    order[0] = '\0';
    assert_true(arena_on_reset(&arena, note, a));
    assert_true(arena_on_reset(&arena, note, b));
    assert_string_equal(order, "");
    arena_reset(&arena);
    assert_string_equal(order, "ba");
    arena_reset(&arena);
    assert_string_equal(order, "ba");
    assert_true(arena_on_reset(&arena, note, c));
    arena_clear(&arena);
    assert_string_equal(order, "bac");
}

static void a_cleanup_that_is_registered_by_a_cleanup_runs(void **state)
{
    (void)state;
    order[0] = '\0';
    assert_true(arena_on_reset(&arena, note_and_register, a));
    arena_reset(&arena);
    assert_string_equal(order, "a+");
}

static void a_cleared_arena_works_again_within_its_limit(void **state)
{
    (void)state;
    arena.limit = 32;
    arena_alloc(&arena, 32);
    arena_clear(&arena);
    arena_clear(&arena);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 32));
    assert_null(arena_alloc(&arena, 1));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(memory_is_aligned_and_apart),
        TEST(zeroed_memory_is_zero_after_a_reset_too),
        TEST(the_limit_counts_what_was_handed_out),
        TEST(everything_that_allocates_respects_the_limit),
        TEST(sizes_that_cannot_be_had_are_refused),
        TEST(copies_are_terminated),
        TEST(a_steady_need_settles_on_one_block),
        TEST(a_reset_reuses_the_block),
        TEST(cleanups_run_once_last_come_first),
        TEST(a_cleanup_that_is_registered_by_a_cleanup_runs),
        TEST(a_cleared_arena_works_again_within_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
