/* The command of --on-event: who waits for whom when it is slow. */
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "on_event.h"

/* What commands have got, in order of their ends. Those of hive `loud` wait for the file `go`. */
#define COMMAND                                                                                                 \
    "cat > $$.part; while grep -q loud $$.part && [ ! -e go ]; do sleep 0.01; done; wc -l < $$.part >> lines; " \
    "cat $$.part >> told"

#define STRING_OF(number) #number
#define STRING(number) STRING_OF(number)

struct scene {
    struct loop *loop;
    struct on_event *on_event;
    char folder[32];
    const char *want; /* what is awaited in `told` */
};

static int set_up(void **state)
{
    static struct scene scene;
    struct errbuf e = { 0 };
    scene = (struct scene){ .folder = "/tmp/on_event.XXXXXX" };
    *state = &scene;
    return mkdtemp(scene.folder) && chdir(scene.folder) == 0 && loop_new(&scene.loop, &e) == OK &&
                   on_event_new(scene.loop, COMMAND, &scene.on_event) == OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    on_event_free(scene->on_event);
    loop_free(scene->loop);
    return system("rm -f told go lines *.part") == 0 && rmdir(scene->folder) == 0 ? 0 : -1;
}

static char *told(void)
{
    static char text[64 * 1024];
    FILE *file = fopen("told", "r");
    size_t len = file ? fread(text, 1, sizeof text - 1, file) : 0;
    text[len] = '\0';
    if (file)
        fclose(file);
    return text;
}

static void add(struct scene *scene, const char *hive, unsigned id)
{
    char json[64];
    int len = snprintf(json, sizeof json, "%s %u", hive, id);
    on_event_add(scene->on_event, &(struct event){ id, hive, { json, (size_t)len }, "a line", 0 });
    on_event_run(scene->on_event);
}

static bool is_told(void *user)
{
    return strstr(told(), ((struct scene *)user)->want) != NULL;
}

static void await_told(struct scene *scene, const char *want)
{
    scene->want = want;
    assert_true(await_loop(scene->loop, is_told, scene, AWAIT_LIMIT));
}

static void a_hive_waits_for_itself_only(void **state)
{
    struct scene *scene = *state;
    unsigned id = 0, next = 0;
    for (unsigned i = 0; i < 3 * ON_EVENT_LINES; i++)
        add(scene, "loud", ++id);
    add(scene, "quiet", ++id);
    await_told(scene, "quiet 301\n");
    assert_null(strstr(told(), "loud")); /* its first command still runs, and the others wait for that */
    add(scene, "", ++id);
    await_told(scene, " 302\n");
    assert_int_equal(fclose(fopen("go", "w")), 0);
    await_told(scene, "loud 300\n");
    for (char *line = strtok(told(), "\n"); line; line = strtok(NULL, "\n")) /* and those came in order, all of them */
        if (strncmp(line, "loud ", 5) == 0)
            assert_int_equal(strtoul(line + 5, NULL, 10), ++next);
    assert_int_equal(next, 3 * ON_EVENT_LINES);
    assert_int_equal(system("test $(sort -n lines | tail -1) -eq " STRING(ON_EVENT_LINES)), 0);
}

static unsigned running(void)
{
    unsigned count = 0;
    DIR *folder = opendir(".");
    for (const struct dirent *entry; (entry = readdir(folder));)
        count += strstr(entry->d_name, ".part") != NULL;
    closedir(folder);
    return count;
}

static bool all_run(void *user)
{
    (void)user;
    return running() >= ON_EVENT_RUNNING;
}

static bool one_more_runs(void *user)
{
    (void)user;
    return running() > ON_EVENT_RUNNING;
}

static void so_many_commands_run_at_once(void **state)
{
    struct scene *scene = *state;
    char hive[32];
    for (unsigned i = 0; i < 2 * ON_EVENT_RUNNING; i++) {
        snprintf(hive, sizeof hive, "loud%u", i);
        add(scene, hive, i);
    }
    assert_true(await_loop(scene->loop, all_run, scene, AWAIT_LIMIT));
    assert_false(await_loop(scene->loop, one_more_runs, scene, 200));
    assert_int_equal(fclose(fopen("go", "w")), 0);
    for (unsigned i = 0; i < 2 * ON_EVENT_RUNNING; i++) {
        snprintf(hive, sizeof hive, "loud%u %u\n", i, i);
        await_told(scene, hive);
    }
}

#define LARGE (1024 * 1024)
#define MANY (ON_EVENT_BYTES / LARGE + 10)

static off_t size_told(void)
{
    struct stat status;
    return stat("told", &status) == 0 ? status.st_size : 0;
}

static bool most_is_told(void *user)
{
    (void)user;
    return size_told() >= (off_t)(ON_EVENT_BYTES - LARGE);
}

static bool quiet_is_told(void *user)
{
    (void)user;
    return system("grep -q 'quiet-loud 2' told") == 0; /* somewhere in all that */
}

static bool all_is_told(void *user)
{
    (void)user;
    return size_told() >= (off_t)(MANY * LARGE);
}

static bool what_was_lost_is_told(void *user)
{
    (void)user;
    return system("grep -q '^{\"fleet\":\"events_lost\",\"from\":10,\"to\":[0-9]*}$' told") == 0;
}

static void the_hive_with_most_loses_its_oldest(void **state)
{
    static char json[LARGE];
    struct scene *scene = *state;
    memset(json, 'x', sizeof json);
    memcpy(json, "loud", 4);
    add(scene, "quiet-loud", 1); /* waits as well, behind the command that runs for it */
    add(scene, "quiet-loud", 2);
    for (unsigned i = 0; i < MANY; i++)
        on_event_add(scene->on_event, &(struct event){ 10 + i, "loud", { json, sizeof json }, "a line", 0 });
    assert_int_equal(fclose(fopen("go", "w")), 0);
    on_event_run(scene->on_event);
    assert_true(await_loop(scene->loop, most_is_told, scene, AWAIT_LIMIT));
    assert_true(await_loop(scene->loop, quiet_is_told, scene, AWAIT_LIMIT));
    assert_false(await_loop(scene->loop, all_is_told, scene, 200));
    assert_true(await_loop(scene->loop, what_was_lost_is_told, scene, AWAIT_LIMIT));
    assert_int_equal(system("exit $(grep -c events_lost told)"), 1 << 8); /* once */
}

/* However small the oldest are: so much waits, and no more. */
static void a_large_one_takes_the_place_of_many(void **state)
{
    static char json[LARGE];
    struct scene *scene = *state;
    unsigned id = 0;
    memset(json, 'x', sizeof json);
    while (id < 1000)
        on_event_add(scene->on_event, &(struct event){ ++id, "loud", { json, 1 }, "a line", 0 });
    for (unsigned i = 0; i < MANY - 10; i++)
        on_event_add(scene->on_event, &(struct event){ ++id, "loud", { json, sizeof json }, "a line", 0 });
    assert_true(on_event_oldest(scene->on_event) > 1000);
}

/* What cannot be written down for the command waits, whatever the reason. */
static void what_cannot_be_handed_over_waits(void **state)
{
    struct scene *scene = *state;
    struct rlimit before, limit;
    char json[200];
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){ sizeof json / 2, before.rlim_max };
    memset(json, 'x', sizeof json);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    on_event_add(scene->on_event, &(struct event){ 1, "h", { json, sizeof json }, "a line", 0 });
    errno = 0; /* a short write leaves it */
    on_event_run(scene->on_event);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(running(), 0);
    on_event_run(scene->on_event);
    await_told(scene, "xxx\n");
}

/* What a queen has to give again if it is killed; and what it could not give at all. */
static void what_waits_is_known(void **state)
{
    struct scene *scene = *state;
    assert_int_equal(on_event_oldest(scene->on_event), 0);
    add(scene, "loud", 3);
    assert_int_equal(on_event_oldest(scene->on_event), 0);
    add(scene, "loud", 4);
    assert_int_equal(on_event_oldest(scene->on_event), 4);
    on_event_add_lost(scene->on_event, (struct id_range){ 0 });
    on_event_add_lost(scene->on_event, (struct id_range){ 5, 9 });
    on_event_run(scene->on_event);
    await_told(scene, "{\"fleet\":\"events_lost\",\"from\":5,\"to\":9}\n");
    assert_int_equal(fclose(fopen("go", "w")), 0);
    await_told(scene, "loud 4\n");
    assert_int_equal(on_event_oldest(scene->on_event), 0);
}

/* Named by the linker's --wrap: the first time limit is over at once. */
static struct {
    bool hurries;
    unsigned count;
    ms_t limit;
} timers;

void __real_loop_timer_in(struct loop_timer *timer, ms_t delay);
void __wrap_loop_timer_in(struct loop_timer *timer, ms_t delay);

void __wrap_loop_timer_in(struct loop_timer *timer, ms_t delay)
{
    if (timers.hurries && delay >= 1000 && timers.count++ == 0) {
        timers.limit = delay;
        delay = 0;
    }
    __real_loop_timer_in(timer, delay);
}

static bool another_is_limited(void *user)
{
    (void)user;
    return timers.count == 2;
}

static void who_runs_too_long_is_killed(void **state)
{
    struct scene *scene = *state;
    timers.hurries = true;
    add(scene, "loud", 1);
    add(scene, "loud", 2); /* begins when the first has ended */
    assert_true(await_loop(scene->loop, another_is_limited, NULL, AWAIT_LIMIT));
    timers.hurries = false;
    assert_int_equal(timers.limit, 60000);
    assert_int_equal(fclose(fopen("go", "w")), 0);
    await_told(scene, "loud 2\n");
    assert_null(strstr(told(), "loud 1\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hive_waits_for_itself_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(so_many_commands_run_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_hive_with_most_loses_its_oldest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_large_one_takes_the_place_of_many, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_runs_too_long_is_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_handed_over_waits, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("on_event", tests, NULL, NULL);
}
