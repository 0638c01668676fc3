/* The command of --on-event: who waits for whom when it is slow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "on_event.h"

/* What commands have got, in order of their ends. Those of hive `loud` wait for the file `go`. */
#define COMMAND "cat > $$.part; while grep -q loud $$.part && [ ! -e go ]; do sleep 0.01; done; cat $$.part >> told"

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
    return system("rm -f told go *.part") == 0 && rmdir(scene->folder) == 0 ? 0 : -1;
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
    on_event_add(scene->on_event, &(struct event){ id, hive, { json, (size_t)len }, "a line" });
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
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_hive_waits_for_itself_only, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("on_event", tests, NULL, NULL);
}
