#include "fair_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct thing {
    struct fair_item item;
    int number;
};

static void add(struct fair_queue *queue, const char *owner, struct thing *thing, int number, size_t cost)
{
    thing->number = number;
    assert_int_equal(fair_queue_add(queue, text_of(owner), &thing->item, cost), OK);
}

static int number_of(const struct fair_item *item)
{
    return item ? CONTAINER_OF(item, struct thing, item)->number : 0;
}

/* The oldest of the owner whose turn it is, taken out. */
static int take(struct fair_queue *queue)
{
    struct fair_owner *owner = fair_queue_turn(queue);
    struct fair_item *item = owner ? fair_owner_oldest(owner) : NULL;
    if (item)
        fair_queue_remove(queue, item);
    return number_of(item);
}

static void owners_take_turns(void **state)
{
    static const int want[] = { 11, 21, 31, 12, 22, 13, 0 };
    struct fair_queue queue;
    struct thing things[6] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    add(&queue, "a", &things[0], 11, 1);
    add(&queue, "a", &things[1], 12, 1);
    add(&queue, "a", &things[2], 13, 1);
    add(&queue, "b", &things[3], 21, 1);
    add(&queue, "b", &things[4], 22, 1);
    add(&queue, NULL, &things[5], 31, 1);
    assert_int_equal(number_of(queue.items), 11);
    assert_int_equal(queue.count, 6);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(take(&queue), want[i]);
        assert_int_equal(queue.count, i < ARRAY_LEN(things) ? ARRAY_LEN(things) - 1 - i : 0);
    }
    assert_null(queue.owners);
    assert_null(queue.items);
    fair_queue_clear(&queue);
}

static void the_heaviest_yields_its_oldest(void **state)
{
    struct fair_queue queue;
    struct thing things[4] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    assert_null(fair_queue_yielding(&queue));
    add(&queue, "light", &things[0], 1, 10);
    add(&queue, "light", &things[1], 2, 10);
    add(&queue, "heavy", &things[2], 3, 15);
    assert_int_equal(number_of(fair_queue_yielding(&queue)), 1);
    add(&queue, "heavy", &things[3], 4, 15);
    assert_int_equal(queue.cost, 50);
    assert_int_equal(number_of(fair_queue_yielding(&queue)), 3);
    fair_queue_remove(&queue, &things[2].item);
    assert_int_equal(number_of(fair_queue_yielding(&queue)), 1);
    fair_queue_remove(&queue, &things[0].item);
    fair_queue_remove(&queue, &things[1].item);
    assert_int_equal(number_of(fair_queue_yielding(&queue)), 4);
    fair_queue_remove(&queue, &things[3].item);
    assert_int_equal(queue.cost, 0);
    assert_null(fair_queue_yielding(&queue));
    fair_queue_clear(&queue);
}

static void a_held_owner_gets_no_turn(void **state)
{
    struct fair_queue queue;
    struct fair_owner *owner;
    struct thing things[3] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    add(&queue, "a", &things[0], 11, 1);
    add(&queue, "b", &things[1], 21, 1);
    owner = fair_queue_turn(&queue);
    fair_owner_hold(&queue, owner);
    fair_queue_remove(&queue, fair_owner_oldest(owner));
    add(&queue, "a", &things[2], 12, 1);
    assert_int_equal(take(&queue), 21);
    assert_int_equal(take(&queue), 0);
    fair_owner_release(&queue, owner);
    assert_int_equal(take(&queue), 12);
    assert_null(queue.owners); /* it is held no more, and ends */

    add(&queue, "a", &things[0], 11, 1); /* released with nothing left */
    owner = fair_queue_turn(&queue);
    fair_owner_hold(&queue, owner);
    fair_queue_remove(&queue, &things[0].item);
    assert_null(fair_owner_oldest(owner));
    fair_owner_release(&queue, owner);
    assert_null(queue.owners);
    fair_queue_clear(&queue);
}

static void what_is_put_back_is_next(void **state)
{
    struct fair_queue queue;
    struct thing things[4] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    add(&queue, "a", &things[0], 11, 1);
    add(&queue, "b", &things[1], 21, 1);
    add(&queue, "b", &things[2], 22, 1);
    assert_int_equal(take(&queue), 11);
    assert_int_equal(take(&queue), 21);
    assert_int_equal(fair_queue_put_back(&queue, TEXT("b"), &things[1].item, 1), OK);
    assert_int_equal(fair_queue_put_back(&queue, TEXT("a"), &things[0].item, 1), OK);
    assert_int_equal(number_of(queue.items), 11);
    assert_int_equal(take(&queue), 11);
    assert_int_equal(take(&queue), 21);
    assert_int_equal(take(&queue), 22);
    assert_int_equal(take(&queue), 0);
    fair_queue_clear(&queue);
}

static void an_owner_has_one_turn(void **state)
{
    static const int want[] = { 11, 11, 21, 31, 12, 22, 0 };
    struct fair_queue queue;
    struct thing things[5] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    add(&queue, "a", &things[0], 11, 1);
    add(&queue, "b", &things[1], 21, 1);
    add(&queue, "a", &things[2], 12, 1); /* it waits for one */
    add(&queue, "c", &things[3], 31, 1);
    add(&queue, "b", &things[4], 22, 1);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        assert_int_equal(take(&queue), want[i]);
        if (i == 0) /* it has the last turn by now, and gets the next */
            assert_int_equal(fair_queue_put_back(&queue, TEXT("a"), &things[0].item, 1), OK);
    }
    fair_queue_clear(&queue);
}

static void what_a_held_owner_gets_back_waits(void **state)
{
    struct fair_queue queue;
    struct fair_owner *owner;
    struct thing things[3] = { 0 };
    (void)state;
    queue = (struct fair_queue){ 0 };
    add(&queue, "a", &things[0], 11, 1);
    add(&queue, "a", &things[1], 12, 1);
    add(&queue, "b", &things[2], 21, 1);
    owner = fair_queue_turn(&queue);
    fair_owner_hold(&queue, owner);
    fair_queue_remove(&queue, &things[0].item);
    assert_int_equal(fair_queue_put_back(&queue, TEXT("a"), &things[0].item, 1), OK);
    assert_int_equal(take(&queue), 21);
    assert_int_equal(take(&queue), 0);
    fair_owner_release(&queue, owner);
    assert_int_equal(take(&queue), 11);
    assert_int_equal(take(&queue), 12);
    assert_null(queue.owners);
    fair_queue_clear(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(owners_take_turns),        cmocka_unit_test(the_heaviest_yields_its_oldest),
        cmocka_unit_test(what_is_put_back_is_next), cmocka_unit_test(a_held_owner_gets_no_turn),
        cmocka_unit_test(an_owner_has_one_turn),    cmocka_unit_test(what_a_held_owner_gets_back_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
