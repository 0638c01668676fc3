/* What the fleet is told while a child runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

/* A child that sends the datagrams given behind it, says its pid, and lives until it is ended. */
#define SPEAKING "--interval", "200ms", "--exec", "--", SPEAKER_PROGRAM

struct story {
    struct watcher *watcher;
    struct program agent;
    pid_t child;
};

static void story_begin(void **state, struct story *story)
{
    story->watcher = fixture_watch(state);
    story->child = 0;
}

static void story_end(struct story *story)
{
    program_clear(&story->agent);
    watcher_close(story->watcher);
}

static void pid_cpu_and_memory(void **state)
{
    struct story story;
    char pid[32];
    story_begin(state, &story);
    agent_start(state, &story.agent, "usage", "--interval", "200ms", "--exec", "--", "/bin/sh", "-c",
                "echo $$; while :; do :; done", NULL);
    snprintf(pid, sizeof pid, "\"pid\":%s,", program_read_line(&story.agent));
    await_worker(story.watcher, "usage", "heartbeat", pid, "\"rss_bytes\":", "\"status\":\"idle\"", NULL);
    await_worker(story.watcher, "usage", "heartbeat", "\"cpu\":", "!\"cpu\":0,", "!\"cpu\":0}", NULL);
    story_end(&story);
}

static void what_the_child_says(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "says", SPEAKING, "READY=1\nSTATUS=serving on 8000",
                "X_SKEP_STATUS=busy\nX_SKEP_QUEUE_DEPTH=7\nX_SKEP_MODEL_LOADED=llama\nX_SKEP_GPU_UTILIZATION=0.5",
                "WATCHDOG=1\nWATCHDOG=1", "WATCHDOG=1", NULL);
    await_worker(story.watcher, "says", "heartbeat", "\"status\":\"busy\"", "\"queue_depth\":7",
                 "\"model_loaded\":\"llama\"", "\"gpu_utilization\":0.5", "\"status_text\":\"serving on 8000\"",
                 "\"progress\":2", NULL);
    story_end(&story);
}

static void bad_notifications_change_nothing(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "bad", SPEAKING, "X_SKEP_QUEUE_DEPTH=7", "X_SKEP_QUEUE_DEPTH=-1",
                "X_SKEP_QUEUE_DEPTH=many", "X_SKEP_SESSION=00000000000000ff", "X_SKEP_NONSENSE=1",
                "X_SKEP_STATUS=not a token", "X_SKEP_GPU_UTILIZATION=2", "READY", "STATUS=\xff", "X_SKEP_INFLIGHT=3",
                NULL);
    await_worker(story.watcher, "bad", "heartbeat", "\"inflight\":3", "\"queue_depth\":7", "\"status\":\"idle\"",
                 "!gpu_utilization", "!00000000000000ff", "!status_text", NULL);
    story_end(&story);
}

static void starting_until_ready(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "starts", SPEAKING, "STATUS=loading the model", NULL);
    await_worker(story.watcher, "starts", "heartbeat", "\"status\":\"starting\"", "loading the model", NULL);
    program_clear(&story.agent);

    agent_start(state, &story.agent, "ready", SPEAKING, "STATUS=loading the model", "READY=1", NULL);
    await_worker_latest(story.watcher, "ready", "heartbeat", "\"status\":\"idle\"", "loading the model", NULL);
    program_clear(&story.agent);

    agent_start(state, &story.agent, "stops", SPEAKING, "READY=1", "STOPPING=1", NULL);
    await_worker_latest(story.watcher, "stops", "heartbeat", "\"status\":\"draining\"", NULL);
    story_end(&story);
}

/* cores are known from the second look on */
static void a_talkative_child_is_looked_at(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "talkative", SPEAKING, "repeat", "WATCHDOG=1", NULL);
    await_worker(story.watcher, "talkative", "heartbeat", "\"cpu\":", "\"progress\":", NULL);
    story_end(&story);
}

static void a_stopped_child_stands_still(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "stopped", "--interval", "1h", "--exec", "--", SPEAKER_PROGRAM, NULL);
    story.child = (pid_t)atoi(program_read_line(&story.agent));
    await_worker(story.watcher, "stopped", "heartbeat", "\"seq\":0", "!stalled_ms", NULL);
    kill(story.child, SIGSTOP);
    await_worker_latest(story.watcher, "stopped", "heartbeat", "\"stalled_ms\":", NULL);
    kill(story.child, SIGCONT);
    await_worker_latest(story.watcher, "stopped", "heartbeat", "!stalled_ms", NULL);
    story_end(&story);
}

static void an_overdue_watchdog_stands_still(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "overdue", "--interval", "1h", "--exec", "--", SPEAKER_PROGRAM,
                "WATCHDOG=1\nWATCHDOG_USEC=300000", NULL);
    await_worker_latest(story.watcher, "overdue", "heartbeat", "\"stalled_ms\":", "\"progress\":1", NULL);
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pid_cpu_and_memory),
        cmocka_unit_test(what_the_child_says),
        cmocka_unit_test(bad_notifications_change_nothing),
        cmocka_unit_test(starting_until_ready),
        cmocka_unit_test(a_talkative_child_is_looked_at),
        cmocka_unit_test(a_stopped_child_stands_still),
        cmocka_unit_test(an_overdue_watchdog_stands_still),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
