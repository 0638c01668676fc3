/* What the simulation does for a message does not grow with the fleet, or 10,000 workers would take a day. And the
 * broker's tree of filters takes the topics that each filter by itself does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "script.h"

#define SETTLED_MS 120000
#define MEASURED_MS 60000
#define SMALL 100
#define LARGE 2000

static void act(struct world *world, const char *line)
{
    struct errbuf e = { 0 };
    if (script_do(world, line, &e) != OK)
        fail_msg("%s: %s", line, e.text);
}

/* Nodes, filters and stored copies that are considered for each packet, once the fleet is there. */
static double steps_a_packet(unsigned workers)
{
    struct world world;
    char line[64];
    uint64_t steps, carried;
    snprintf(line, sizeof line, "workers %u hives=10", workers);
    world_init(&world, 1);
    act(&world, "queen q1");
    act(&world, "hives 10");
    act(&world, line);
    world_run(&world, SETTLED_MS);
    steps = world.network.steps;
    carried = world.network.carried;
    world_run(&world, SETTLED_MS + MEASURED_MS);
    steps = world.network.steps - steps;
    carried = world.network.carried - carried;
    world_clear(&world);
    assert_true(carried > workers);
    printf("%u workers: %.2f steps a packet\n", workers, (double)steps / (double)carried);
    return (double)steps / (double)carried;
}

static void a_message_costs_the_same_in_a_large_fleet(void **state)
{
    (void)state;
    assert_true(steps_a_packet(LARGE) < 1.2 * steps_a_packet(SMALL));
}

static const char *const filters[] = { "#",     "+",     "+/+",  "a",  "a/#", "a/+",    "a/b",    "a/+/c", "a/b/#",
                                       "+/b/#", "+/+/c", "a//c", "/a", "/+",  "$SYS/#", "$SYS/+", "+/b",   "b/#" };
static const char *const topics[] = {
    "a", "b", "a/b", "a/b/c", "a/c", "a//c", "/a", "a/", "$SYS/b", "$SYS", "a/b/c/d"
};

struct found {
    const struct filter_leaf *leaves;
    bool is_found[ARRAY_LEN(filters)];
};

static void take(void *user, struct filter_leaf *leaf)
{
    struct found *found = user;
    assert_false(found->is_found[leaf - found->leaves]); /* once */
    found->is_found[leaf - found->leaves] = true;
}

static void the_tree_takes_what_each_filter_takes(void **state)
{
    struct arena arena = { 0 };
    uint64_t steps = 0;
    struct filter_tree tree = { .arena = &arena, .steps = &steps };
    struct filter_leaf leaves[ARRAY_LEN(filters)];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(filters); i++)
        filter_tree_add(&tree, &leaves[i], filters[i]);
    for (size_t without = 0; without <= ARRAY_LEN(filters); without++) {
        for (size_t t = 0; t < ARRAY_LEN(topics); t++) {
            struct found found = { .leaves = leaves };
            filter_tree_find(&tree, topics[t], take, &found);
            for (size_t i = 0; i < ARRAY_LEN(filters); i++)
                if (found.is_found[i] != (i >= without && filter_matches(filters[i], topics[t])))
                    fail_msg("%s and %s, %zu are removed", filters[i], topics[t], without);
        }
        if (without < ARRAY_LEN(filters))
            filter_tree_remove(&leaves[without]);
    }
    filter_tree_clear(&tree);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_message_costs_the_same_in_a_large_fleet),
                                        cmocka_unit_test(the_tree_takes_what_each_filter_takes) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
