/* R18 and all the others: whatever happens to a fleet, in whatever order, the referee finds nothing wrong, and the same
 * seed makes the same world twice (chaos.h). */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chaos.h"

#define SEEDS 200
#define AGAIN 4 /* every so many a second time */

static void whatever_happens_the_verdicts_are_right(void **state)
{
    unsigned events = 0, wrong = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct chaos_result first = chaos_run(seed, NULL);
        struct chaos_result second = seed % AGAIN == 0 ? chaos_run(seed, NULL) : first;
        if (first.found.text[0])
            printf("seed %" PRIu64 ": %s\n", seed, first.found.text);
        else if (first.hash != second.hash)
            printf("seed %" PRIu64 ": another trace at the second time\n", seed);
        wrong += first.found.text[0] || first.hash != second.hash;
        events += first.events;
    }
    assert_int_equal(wrong, 0);
    assert_true(events > 10 * SEEDS); /* it was no idle world */
}

static void print_result(const struct chaos_result *result)
{
    printf("%.4f worker-hours, %u events, hash %016" PRIx64 ": %s\n", (double)result->lived / 3600000, result->events,
           result->hash, result->found.text[0] ? result->found.text : "ok");
    fflush(stdout);
}

static bool run_some(uint64_t from, uint64_t count)
{
    bool well = true;
    for (uint64_t seed = from; seed < from + count; seed++) {
        struct chaos_result result = chaos_run(seed, NULL);
        printf("seed %" PRIu64 ": ", seed);
        print_result(&result);
        well &= !result.found.text[0];
    }
    return well;
}

static bool print_trace(struct chaos_result result, struct buf *trace)
{
    fputs(buf_str(trace), stdout);
    printf("# ");
    print_result(&result);
    buf_clear(trace);
    return !result.found.text[0];
}

static bool run_one(uint64_t seed)
{
    struct buf trace = BUF_INIT;
    return print_trace(chaos_run(seed, &trace), &trace);
}

static bool replay(FILE *file)
{
    char chunk[4096];
    size_t got;
    struct buf scenario = BUF_INIT, trace = BUF_INIT;
    bool well;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(&scenario, chunk, got);
    well = print_trace(chaos_replay(buf_text(&scenario), &trace), &trace);
    buf_clear(&scenario);
    return well;
}

/* `sim_random`: the test. `SEED`: prints the trace of one. `FROM COUNT`: a line for each. `-`: replays the scenario on
 * its input before a referee. */
int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(whatever_happens_the_verdicts_are_right) };
    bool well;
    if (argc == 1)
        return cmocka_run_group_tests(tests, NULL, NULL);
    if (argc > 2)
        well = run_some(strtoull(argv[1], NULL, 10), strtoull(argv[2], NULL, 10));
    else
        well = strcmp(argv[1], "-") == 0 ? replay(stdin) : run_one(strtoull(argv[1], NULL, 10));
    return well ? EXIT_SUCCESS : EXIT_FAILURE;
}
