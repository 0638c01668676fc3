#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec.h"
#include "simulate.h"

#define STEP 1000
#define STEPS 600

static void tell(struct simulate *simulate, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    simulate_step(simulate, STEP);
    simulate_write(simulate, &w);
    w.comma = false;
}

static void the_same_id_tells_the_same_story(void **state)
{
    struct buf one = BUF_INIT, again = BUF_INIT, other = BUF_INIT;
    struct simulate a, b, c;
    (void)state;
    simulate_init(&a, "w1");
    simulate_init(&b, "w1");
    simulate_init(&c, "w2");
    for (int i = 0; i < STEPS; i++) {
        tell(&a, &one);
        tell(&b, &again);
        tell(&c, &other);
    }
    assert_string_equal(buf_str(&one), buf_str(&again));
    assert_string_not_equal(buf_str(&one), buf_str(&other));
    buf_clear(&one);
    buf_clear(&again);
    buf_clear(&other);
}

/* Ten minutes: every document is a valid heartbeat, says that it is made up, and all phases come. */
static void every_step_is_a_heartbeat(void **state)
{
    struct arena arena;
    struct simulate simulate;
    unsigned seen[SIMULATE_PHASE_COUNT] = { 0 };
    (void)state;
    arena = (struct arena){ 0 };
    simulate_init(&simulate, "w1");
    for (int i = 0; i < STEPS; i++) {
        struct buf json = BUF_INIT;
        struct heartbeat beat;
        struct errbuf e = { 0 };
        tell(&simulate, &json);
        if (heartbeat_decode(&arena, buf_text(&json), &beat, &e) != OK)
            fail_msg("%s: %s", e.text, buf_str(&json));
        assert_non_null(strstr(buf_str(&json), "\"labels\":{\"simulated\":\"true\"}"));
        seen[simulate.phase]++;
        if (simulate.phase == SIMULATE_BUSY)
            assert_true(beat.inflight > 0 && beat.gpu_utilization > 0.5 && simulate.advanced);
        else
            assert_true(beat.inflight == 0 && beat.queue_depth == 0 && !simulate.advanced);
        buf_clear(&json);
        arena_reset(&arena);
    }
    for (size_t i = 0; i < SIMULATE_PHASE_COUNT; i++)
        assert_true(seen[i] > 0);
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_id_tells_the_same_story),
        cmocka_unit_test(every_step_is_a_heartbeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
