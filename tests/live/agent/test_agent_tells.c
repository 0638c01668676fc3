/* What the fleet is told while a child runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "fixture.h"

#define LINGERING 8 /* datagrams that fit into a socket, whatever its limit is */

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

static void one_bad_line_costs_no_other(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "latin", SPEAKING, "STATUS=loading", "READY=1\nSTATUS=pr\xeat\nX_SKEP_INFLIGHT=3",
                NULL);
    await_worker_latest(story.watcher, "latin", "heartbeat", "\"status\":\"idle\"", "\"inflight\":3",
                        "\"status_text\":\"loading\"", NULL);
    story_end(&story);
}

static void metrics_and_labels(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "maps", SPEAKING, "X_SKEP_METRIC_TOKENS_PER_S=12.5\nX_SKEP_METRIC_BATCH=4",
                "X_SKEP_LABEL_ZONE=a\nX_SKEP_LABEL_RACK=7", "X_SKEP_METRIC_BATCH=\nX_SKEP_LABEL_RACK=", NULL);
    await_worker_latest(story.watcher, "maps", "heartbeat", "\"tokens_per_s\":12.5", "\"zone\":\"a\"", "!\"batch\"",
                        "!\"rack\"", NULL);
    story_end(&story);
}

static void reloading_is_loading(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "reloads", SPEAKING, "READY=1", "RELOADING=1\nMONOTONIC_USEC=1", NULL);
    await_worker_latest(story.watcher, "reloads", "heartbeat", "\"status\":\"loading\"", NULL);
    program_clear(&story.agent);
    agent_start(state, &story.agent, "reloaded", SPEAKING, "READY=1", "RELOADING=1", "READY=1", NULL);
    await_worker_latest(story.watcher, "reloaded", "heartbeat", "\"status\":\"idle\"", NULL);
    story_end(&story);
}

/* Root's command has become another user. */
static void another_user_of_the_command(void **state)
{
    struct story story;
    if (getuid() != 0)
        skip();
    story_begin(state, &story);
    agent_start(state, &story.agent, "dropped", SPEAKING, "drop", "STATUS=loading", "READY=1\nX_SKEP_QUEUE_DEPTH=7",
                NULL);
    await_worker_latest(story.watcher, "dropped", "heartbeat", "\"status\":\"idle\"", "\"queue_depth\":7", NULL);
    kill((pid_t)atoi(program_read_line(&story.agent)),
         SIGKILL); /* the death of its parent does not signal it any more */
    story_end(&story);
}

/* The value of a variable in the environment of a process. */
static const char *variable_of(pid_t pid, const char *name, char *bytes, size_t size)
{
    char path[64];
    size_t len;
    FILE *file;
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    file = fopen(path, "r");
    assert_non_null(file);
    len = fread(bytes, 1, size - 1, file);
    fclose(file);
    bytes[len] = '\0';
    for (const char *at = bytes; at < bytes + len; at += strlen(at) + 1)
        if (strncmp(at, name, strlen(name)) == 0 && at[strlen(name)] == '=')
            return at + strlen(name) + 1;
    fail_msg("no %s", name);
    return NULL;
}

/* Of whoever knows the socket, such as this test: refused, whatever its user. */
static void a_stranger_is_refused(void **state)
{
    static const char text[] = "READY=1\nX_SKEP_INFLIGHT=5";
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    struct story story;
    char bytes[65536], seen[32];
    const char *beat;
    story_begin(state, &story);
    agent_start(state, &story.agent, "strange", SPEAKING, "repeat", "WATCHDOG=1", NULL);
    story.child = (pid_t)atoi(program_read_line(&story.agent));
    snprintf(address.sun_path, sizeof address.sun_path, "%s",
             variable_of(story.child, "NOTIFY_SOCKET", bytes, sizeof bytes));
    beat = await_worker_latest(story.watcher, "strange", "heartbeat", "\"progress\":", NULL);
    assert_int_equal(sendto(fd, text, strlen(text), 0, (const struct sockaddr *)&address, sizeof address),
                     strlen(text));
    /* datagrams are read in order: this one comes after it */
    snprintf(seen, sizeof seen, "!\"progress\":%ld,", strtol(strstr(beat, "\"progress\":") + 11, NULL, 10));
    (void)await_worker_latest(story.watcher, "strange", "heartbeat", "\"progress\":", seen, NULL);
    for (int i = 0; i < 3; i++) { /* some beats later */
        snprintf(
            seen, sizeof seen, "!\"seq\":%ld,",
            strtol(strstr(await_worker_latest(story.watcher, "strange", "heartbeat", "\"seq\":", NULL), "\"seq\":") + 6,
                   NULL, 10));
        (void)await_worker_latest(story.watcher, "strange", "heartbeat", seen, NULL);
    }
    assert_int_equal(count_of_worker(story.watcher, "strange", "heartbeat", "\"inflight\":5"), 0);
    close(fd);
    story_end(&story);
}

/* It goes on only when all before it was read. */
static void a_barrier_is_answered(void **state)
{
    struct story story;
    story_begin(state, &story);
    agent_start(state, &story.agent, "barrier", SPEAKING, "X_SKEP_INFLIGHT=3", "BARRIER=1", "BARRIER=1", NULL);
    assert_true(atoi(program_read_line(&story.agent)) > 0);
    await_worker_latest(story.watcher, "barrier", "heartbeat", "\"inflight\":3", NULL);
    story_end(&story);
}

/* Who closes it last waits for a peer that does not read, unless it ends. Returns the peer, or that which listens for
 * it. */
static int send_lingering(const struct sockaddr_un *to)
{
    static const struct linger linger = { 1, 600 };
    static const char bytes[65536];
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
    int sender = socket(AF_UNIX, SOCK_DGRAM, 0);
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = { { 0 } };
    struct msghdr header = {
        .msg_name = (void *)to, .msg_namelen = sizeof *to, .msg_control = &control, .msg_controllen = sizeof control
    };
    assert_int_equal(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger), 0);
    while (send(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
    *CMSG_FIRSTHDR(&header) =
        (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(CMSG_FIRSTHDR(&header)), &fd, sizeof fd);
    assert_int_equal(sendmsg(sender, &header, 0), 0);
    close(sender);
    close(fd);
    return listener;
}

/* The agent stands meanwhile: these are closed here while it still has them in its socket. */
static void send_all_lingering(const struct story *story, const struct sockaddr_un *to, int peers[LINGERING])
{
    program_halt(story->agent.pid);
    for (size_t i = 0; i < LINGERING; i++)
        peers[i] = send_lingering(to);
    assert_int_equal(kill(story->agent.pid, SIGCONT), 0);
}

static void descriptors_that_are_not_closed_at_once_hold_nobody_up(void **state)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int peers[2][LINGERING];
    struct story story;
    story_begin(state, &story);
    agent_start_with(state, &story.agent, NULL, "held", "--interval", "200ms", "--exec", "--", "/bin/sh", "-c",
                     "echo $NOTIFY_SOCKET; echo $$; read x; exec " SPEAKER_PROGRAM " BARRIER=1 X_SKEP_QUEUE_DEPTH=$x",
                     NULL);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", program_read_line(&story.agent));
    story.child = (pid_t)atoi(program_read_line(&story.agent));
    await_worker(story.watcher, "held", "heartbeat", "\"status\":\"idle\"", NULL);
    send_all_lingering(&story, &address, peers[0]);
    assert_int_equal(write(story.agent.input, "7\n", 2), 2);
    await_worker(story.watcher, "held", "heartbeat", "\"queue_depth\":7", NULL);
    send_all_lingering(&story, &address, peers[1]);
    ask_worker(story.watcher, "held", "verify", "{\"nonce\":\"held\"}", 0);
    await_reply(story.watcher, "{\"nonce\":\"held\"", NULL);
    assert_int_equal(kill(story.child, SIGKILL), 0);
    await_worker(story.watcher, "held", "presence", "process_exited", NULL);
    for (size_t i = 0; i < LINGERING; i++) {
        close(peers[0][i]);
        close(peers[1][i]);
    }
    story_end(&story);
}

/* As by who cleans /tmp of what is old. What root starts may become another user, whatever the umask is. */
static void a_socket_that_is_removed_is_made_again(void **state)
{
    mode_t before = umask(077);
    struct story story;
    struct stat status;
    char path[256], *slash;
    story_begin(state, &story);
    agent_start_with(state, &story.agent, NULL, "swept", "--interval", "200ms", "--exec", "--", "/bin/sh", "-c",
                     "echo $NOTIFY_SOCKET; read x; until " SPEAKER_PROGRAM " X_SKEP_QUEUE_DEPTH=$x; do sleep 0.1; done",
                     NULL);
    snprintf(path, sizeof path, "%s", program_read_line(&story.agent));
    await_worker(story.watcher, "swept", "heartbeat", "\"status\":\"idle\"", NULL);
    assert_int_equal(unlink(path), 0);
    slash = strrchr(path, '/');
    *slash = '\0';
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(write(story.agent.input, "7\n", 2), 2);
    await_worker(story.watcher, "swept", "heartbeat", "\"queue_depth\":7", NULL);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, getuid() == 0 ? 0711 : 0700);
    umask(before);
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

/* The command has WATCHDOG_USEC, meant for itself; the limit counts from when it is ready. */
static void a_watchdog_that_was_requested(void **state)
{
    struct story story;
    char words[64];
    story_begin(state, &story);
    agent_start(state, &story.agent, "told", "--watchdog", "1h", "--exec", "--", "/bin/sh", "-c",
                "echo $$; echo $WATCHDOG_USEC $WATCHDOG_PID; exec sleep 1000", NULL);
    snprintf(words, sizeof words, "3600000000 %s", program_read_line(&story.agent));
    assert_string_equal(program_read_line(&story.agent), words);
    program_clear(&story.agent);

    agent_start(state, &story.agent, "unready", "--watchdog", "1ms", "--interval", "200ms", "--exec", "--",
                SPEAKER_PROGRAM, "STATUS=loading", NULL);
    await_worker(story.watcher, "unready", "heartbeat", "\"seq\":3", "!stalled_ms", NULL);
    program_clear(&story.agent);

    agent_start(state, &story.agent, "hangs", "--watchdog", "300ms", "--interval", "1h", "--exec", "--",
                SPEAKER_PROGRAM, "READY=1", NULL);
    await_worker_latest(story.watcher, "hangs", "heartbeat", "\"stalled_ms\":", "\"stall_ms\":300", NULL);
    program_clear(&story.agent);

    agent_start(state, &story.agent, "triggers", "--interval", "1h", "--exec", "--", SPEAKER_PROGRAM,
                "READY=1\nWATCHDOG=trigger", NULL);
    await_worker_latest(story.watcher, "triggers", "heartbeat", "\"stalled_ms\":", NULL);
    story_end(&story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pid_cpu_and_memory),
        cmocka_unit_test(what_the_child_says),
        cmocka_unit_test(bad_notifications_change_nothing),
        cmocka_unit_test(starting_until_ready),
        cmocka_unit_test(a_socket_that_is_removed_is_made_again),
        cmocka_unit_test(a_talkative_child_is_looked_at),
        cmocka_unit_test(a_stopped_child_stands_still),
        cmocka_unit_test(an_overdue_watchdog_stands_still),
        cmocka_unit_test(one_bad_line_costs_no_other),
        cmocka_unit_test(another_user_of_the_command),
        cmocka_unit_test(a_stranger_is_refused),
        cmocka_unit_test(a_barrier_is_answered),
        cmocka_unit_test(descriptors_that_are_not_closed_at_once_hold_nobody_up),
        cmocka_unit_test(metrics_and_labels),
        cmocka_unit_test(reloading_is_loading),
        cmocka_unit_test(a_watchdog_that_was_requested),
    };
    return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
