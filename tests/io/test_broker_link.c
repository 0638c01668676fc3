/* The link over a client that is not up, so that all that is published waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker_link.h"
#include "log.h"
#include "send_queue.h"

static bool is_up(const struct mqtt *mqtt)
{
    (void)mqtt;
    return false;
}

static void let_go(struct mqtt *mqtt)
{
    (void)mqtt;
}

static const struct mqtt_ops client = { .is_up = is_up, .free = let_go };

#define FIT 32 /* almost */

static void publish(struct broker_link *link, unsigned count)
{
    static char payload[SEND_QUEUE_STATE_BYTES / FIT];
    char topic[] = "a";
    for (unsigned i = 0; i < count; i++, topic[0]++) {
        struct effect effect = { .kind = EFFECT_PUBLISH,
                                 .publish = { topic, { payload, sizeof payload }, .qos = 1, .retain = true } };
        assert_int_equal(broker_link_carry_out(link, &effect), OK);
    }
}

/* Each turn, not only the first one. */
static void all_that_is_dropped_is_counted(void **state)
{
    struct rng rng = { 0 };
    struct broker_link_options options = { .broker = "fake", .rng = &rng, .reconnect_max = 1000 };
    int before = dup(STDERR_FILENO), log = memfd_create("log", MFD_CLOEXEC);
    struct input input = { 0 };
    struct broker_link *link;
    char line[512] = "";
    (void)state;
    assert_int_equal(broker_link_new(&options, &link), OK);
    broker_link_attach(link, &client, (struct mqtt *)&options);
    dup2(log, STDERR_FILENO);
    log_setup("test", "logfmt", "warning"); /* it opens the descriptor */
    publish(link, FIT + 4);
    (void)broker_link_settle(link);
    (void)broker_link_settle(link);
    dup2(before, STDERR_FILENO);
    close(before);
    broker_link_unsent(link, &input);
    assert_int_equal(input.unsent, 0);
    assert_int_equal(input.unsent_states, FIT - 1);
    assert_int_equal(input.dropped, 5);
    assert_true(pread(log, line, sizeof line - 1, 0) > 0);
    close(log);
    assert_non_null(strstr(line, "msg=\"send queue full: dropping the oldest messages\" dropped=5\n"));
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    broker_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_that_is_dropped_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
