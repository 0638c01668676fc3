/* The process that reads the GPUs, as the hive sees it: one that answers, is late, hangs, crashes, lies, or has nothing
 * to read. What it does is this program's second life (`act`). */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "gpu_watch.h"
#include "log.h"

#define ACTOR "gpu-actor"
#define INTERVAL 10000
#define FASTER 20

/* What takes seconds is shortened, and what takes minutes more so. */
void __real_loop_timer_in(struct loop_timer *timer, ms_t delay);
void __wrap_loop_timer_in(struct loop_timer *timer, ms_t delay);
void __wrap_loop_timer_in(struct loop_timer *timer, ms_t delay)
{
    bool is_short = delay < 1000 || delay == MS_NEVER;
    __real_loop_timer_in(timer, is_short ? delay : delay < 100000 ? delay / FASTER : delay / 1000);
}

struct scene {
    struct loop *loop;
    struct gpu_watch *watch;
    char mode[16], file[64];
    char *arguments[4];
    unsigned reports, losses; /* a loss: nothing is known any more */
    int64_t errors;           /* of the GPU in the latest report */
};

/* One byte for each start, in the file. */
static void note_start(const char *file)
{
    FILE *starts = fopen(file, "a");
    if (starts && fputc('s', starts) == 's')
        (void)fclose(starts);
}

static void answer(const char *text)
{
    (void)send(STDIN_FILENO, text, strlen(text), MSG_NOSIGNAL);
}

static int act(const char *mode, const char *file)
{
    char request, text[64];
    note_start(file);
    (void)dprintf(STDERR_FILENO, "what a driver's library prints\n");
    if (strcmp(mode, "none") == 0)
        return 0;
    for (int count = 1; recv(STDIN_FILENO, &request, 1, 0) == 1; count++) {
        if (strcmp(mode, "crash") == 0 || (strcmp(mode, "later") == 0 && count > 2))
            (void)raise(SIGKILL); /* as SIGSEGV, which sanitizers catch */
        if (strcmp(mode, "fail") == 0)
            return 1;
        if (strcmp(mode, "hang") == 0)
            (void)sleep(1000);
        if (strcmp(mode, "late") == 0) /* less than three intervals */
            (void)usleep(INTERVAL / FASTER * 1300);
        snprintf(text, sizeof text, "{\"gpus\":[{\"index\":0,\"errors\":%d}],\"users\":[]}", count);
        answer(strcmp(mode, "lie") == 0 ? "{\"gpus\":[{\"index\":64}],\"users\":[]}" : text);
    }
    return 0;
}

static void on_report(void *user, const struct gpu_report *report)
{
    struct scene *scene = user;
    scene->reports += report != NULL;
    scene->losses += report == NULL;
    if (report)
        scene->errors = report->gpus.at[0].errors;
}

static unsigned starts(const struct scene *scene)
{
    char bytes[4096];
    FILE *file = fopen(scene->file, "r");
    size_t count = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        (void)fclose(file);
    return (unsigned)count;
}

static void begin(struct scene *scene, const char *mode)
{
    static char name[] = ACTOR;
    struct errbuf e = { 0 };
    struct gpu_watch_options options = { .file = "/proc/self/exe",
                                         .arguments = scene->arguments,
                                         .interval = INTERVAL,
                                         .report = on_report,
                                         .user = scene };
    int fd;
    *scene = (struct scene){ .file = "/tmp/gpu_watch.XXXXXX" };
    fd = mkstemp(scene->file);
    assert_true(fd >= 0);
    close(fd);
    snprintf(scene->mode, sizeof scene->mode, "%s", mode);
    scene->arguments[0] = name;
    scene->arguments[1] = scene->mode;
    scene->arguments[2] = scene->file;
    assert_int_equal(loop_new(&scene->loop, &e), OK);
    assert_int_equal(gpu_watch_new(scene->loop, &options, &scene->watch), OK);
}

static void end(struct scene *scene)
{
    gpu_watch_free(scene->watch);
    loop_free(scene->loop);
    assert_int_equal(unlink(scene->file), 0);
}

static bool has_three(void *user)
{
    return ((struct scene *)user)->reports >= 3;
}

static bool has_started_thrice(void *user)
{
    return starts(user) >= 3;
}

static bool has_lost_twice(void *user)
{
    return ((struct scene *)user)->losses >= 2;
}

static void reports_come_from_one_process(void **state)
{
    static const char *const modes[] = { "answer", "late" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct scene scene;
        begin(&scene, modes[i]);
        assert_true(await_loop(scene.loop, has_three, &scene, AWAIT_LIMIT));
        if (starts(&scene) == 1) /* else the machine is slow, and it was taken for one that hangs */
            assert_int_equal(scene.errors, 3);
        end(&scene);
    }
}

/* It is started again, and reports nothing; where it had, that is taken back. */
static void what_does_not_work_is_tried_again(void **state)
{
    static const char *const modes[] = { "crash", "fail", "hang", "lie", "none" };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        struct scene scene;
        print_message("%s\n", modes[i]);
        begin(&scene, modes[i]);
        assert_true(await_loop(scene.loop, has_started_thrice, &scene, AWAIT_LIMIT));
        assert_int_equal(scene.reports + scene.losses, 0);
        end(&scene);
    }
}

static void what_was_reported_is_taken_back(void **state)
{
    struct scene scene;
    (void)state;
    begin(&scene, "later");
    assert_true(await_loop(scene.loop, has_lost_twice, &scene, AWAIT_LIMIT));
    assert_in_range(scene.reports, scene.losses, 1000);
    end(&scene);
}

static void a_program_that_cannot_be_executed(void **state)
{
    struct scene scene;
    struct gpu_watch_options options;
    (void)state;
    begin(&scene, "answer");
    gpu_watch_free(scene.watch);
    options = (struct gpu_watch_options){ .file = "/no/such/program",
                                          .arguments = scene.arguments,
                                          .interval = INTERVAL,
                                          .report = on_report,
                                          .user = &scene };
    assert_int_equal(gpu_watch_new(scene.loop, &options, &scene.watch), OK);
    await_span(scene.loop, 200);
    assert_int_equal(starts(&scene), 0);
    assert_int_equal(scene.reports + scene.losses, 0);
    end(&scene);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_come_from_one_process),
        cmocka_unit_test(what_does_not_work_is_tried_again),
        cmocka_unit_test(what_was_reported_is_taken_back),
        cmocka_unit_test(a_program_that_cannot_be_executed),
    };
    if (argc == 3 && strcmp(argv[0], ACTOR) == 0)
        return act(argv[1], argv[2]);
    log_setup("test", "logfmt", "error");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
