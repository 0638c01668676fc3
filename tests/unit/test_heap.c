#include "heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rng.h"

/* An allocation that no machine can serve is part of these tests; let it return NULL under AddressSanitizer, too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void an_empty_heap_has_no_top(void **state)
{
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    assert_null(heap_top(&heap));
    struct heap_item item = { 0 };
    heap_remove(&heap, &item);
    assert_int_equal(item.position, 0);
    heap_clear(&heap);
}

static void the_earliest_comes_first(void **state)
{
    static const ms_t times[] = { 5, MS_NEVER, -3, 5, 0, INT64_MIN, 12, 5, 1 };
    static const ms_t sorted[] = { INT64_MIN, -3, 0, 1, 5, 5, 5, 12, MS_NEVER };
    struct heap_item items[ARRAY_LEN(times)] = { 0 };
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(times); i++)
        assert_int_equal(heap_put(&heap, &items[i], times[i]), OK);
    for (size_t i = 0; i < ARRAY_LEN(sorted); i++) {
        assert_true(heap_top(&heap)->at == sorted[i]);
        heap_remove(&heap, heap_top(&heap));
    }
    assert_null(heap_top(&heap));
    heap_clear(&heap);
}

static void an_item_moves_when_it_is_put_again(void **state)
{
    struct heap_item items[3] = { 0 };
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(heap_put(&heap, &items[i], 10 * (ms_t)i), OK);
    assert_int_equal(heap_put(&heap, &items[2], -1), OK);
    assert_ptr_equal(heap_top(&heap), &items[2]);
    assert_int_equal(heap_put(&heap, &items[2], 100), OK);
    assert_ptr_equal(heap_top(&heap), &items[0]);
    assert_int_equal(heap.len, 3);
    heap_clear(&heap);
}

static void an_item_of_another_heap_is_left_alone(void **state)
{
    struct heap_item mine = { 0 }, other = { 0 };
    (void)state;
    struct heap heap, elsewhere;
    heap = (struct heap){ 0 };
    elsewhere = (struct heap){ 0 };
    assert_int_equal(heap_put(&heap, &mine, 1), OK);
    assert_int_equal(heap_put(&elsewhere, &other, 1), OK);
    heap_remove(&heap, &other);
    assert_ptr_equal(heap_top(&heap), &mine);
    assert_ptr_equal(heap_top(&elsewhere), &other);
    heap_clear(&elsewhere);
    heap_clear(&heap);
}

static void a_cleared_heap_forgets_its_items(void **state)
{
    struct heap_item item = { 0 };
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    assert_int_equal(heap_put(&heap, &item, 1), OK);
    heap_clear(&heap);
    assert_null(heap_top(&heap));
    heap_remove(&heap, &item); /* its position is stale by now */
    assert_int_equal(heap_put(&heap, &item, 2), OK);
    assert_ptr_equal(heap_top(&heap), &item);
    heap_clear(&heap);
}

static void room_that_was_reserved_is_used(void **state)
{
    struct heap_item items[40] = { 0 };
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    assert_int_equal(heap_reserve(&heap, ARRAY_LEN(items)), OK);
    struct heap_item **array = heap.items;
    for (size_t i = 0; i < ARRAY_LEN(items); i++)
        assert_int_equal(heap_put(&heap, &items[i], (ms_t)i), OK);
    assert_ptr_equal(heap.items, array);
    assert_int_equal(heap_reserve(&heap, 1), OK);
    assert_int_equal(heap.size, ARRAY_LEN(items));
    heap_clear(&heap);
}

static void without_memory_nothing_changes(void **state)
{
    struct heap_item first = { 0 }, second = { 0 };
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    assert_int_equal(heap_put(&heap, &first, 1), OK);
    assert_int_equal(heap_reserve(&heap, SIZE_MAX), ERR_NOMEM);
    assert_int_equal(heap_reserve(&heap, SIZE_MAX / sizeof(void *) / 2), ERR_NOMEM);
    assert_ptr_equal(heap_top(&heap), &first);

    /* A heap that claims to be full at a size that cannot be doubled. */
    struct heap full = { .items = NULL, .len = SIZE_MAX / 4, .size = SIZE_MAX / 4 };
    assert_int_equal(heap_put(&full, &second, 1), ERR_NOMEM);
    assert_int_equal(second.position, 0);
    assert_int_equal(full.len, SIZE_MAX / 4);
    heap_clear(&heap);
}

/* The model: an array that is searched from end to end. */
#define COUNT 200
#define STEPS 20000

static struct heap_item items[COUNT];
static struct {
    bool in;
    ms_t at;
} model[COUNT];

static void compare_with_model(const struct heap *heap)
{
    size_t count = 0;
    ms_t earliest = MS_NEVER;
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(model[i].in == (items[i].position > 0));
        if (model[i].in) {
            count++;
            earliest = ms_min(earliest, model[i].at);
            assert_ptr_equal(heap->items[items[i].position - 1], &items[i]);
            assert_true(items[i].at == model[i].at);
        }
    }
    assert_int_equal(heap->len, count);
    assert_true(count == 0 ? heap_top(heap) == NULL : heap_top(heap)->at == earliest);
}

static void random_operations_agree_with_a_model(void **state)
{
    (void)state;
    struct heap heap;
    heap = (struct heap){ 0 };
    struct rng rng = { 20251023 };
    for (int step = 0; step < STEPS; step++) {
        /* Phases of growing and of shrinking; times that often coincide. */
        bool growing = step / 500 % 2 == 0;
        size_t i = (size_t)rng_between(&rng, 0, COUNT - 1);
        if (rng_between(&rng, 0, 9) < (growing ? 8 : 3)) {
            ms_t at = rng_between(&rng, -50, 50);
            assert_int_equal(heap_put(&heap, &items[i], at), OK);
            model[i].in = true;
            model[i].at = at;
        } else {
            heap_remove(&heap, &items[i]);
            model[i].in = false;
        }
        compare_with_model(&heap);
    }
    heap_clear(&heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_heap_has_no_top),           cmocka_unit_test(the_earliest_comes_first),
        cmocka_unit_test(an_item_moves_when_it_is_put_again), cmocka_unit_test(an_item_of_another_heap_is_left_alone),
        cmocka_unit_test(a_cleared_heap_forgets_its_items),   cmocka_unit_test(room_that_was_reserved_is_used),
        cmocka_unit_test(without_memory_nothing_changes),     cmocka_unit_test(random_operations_agree_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
