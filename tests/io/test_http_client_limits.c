/* Whom the HTTP client asks, how many at once, and how it ends. */
#include <dirent.h>

#include "http_scene.h"

static void only_listed_addresses_are_connected_to(void **state)
{
    static const struct {
        const char *why;
        const char *allowed, *host;
        const char *refused; /* part of the sentence; NULL = answered */
    } rows[] = {
        { "listed", "127.0.0.0/8", "127.0.0.1", NULL },
        { "localhost, of which one address is listed", "127.0.0.1", "localhost", NULL },
        { "not listed", "10.0.0.0/8", "127.0.0.1", "127.0.0.1 is not an allowed" },
        { "localhost, not listed", "10.0.0.0/8", "localhost", " is not an allowed" },
        { "another spelling", "10.0.0.0/8", "0x7f.1", "127.0.0.1 is not an allowed" },
        { "v4 within v6", "::/0", "[::ffff:127.0.0.1]", "::ffff:127.0.0.1 is not an allowed" },
        { "v6", "0.0.0.0/0", "[::1]", "::1 is not an allowed" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_open(&scene, rows[i].allowed, LIMIT);
        scene.server.reply = TEXT("HTTP/1.1 200 OK\r\n\r\n");
        scene_ask(&scene, rows[i].host, 1, AWAIT_LIMIT);
        scene_await(&scene, 1);
        if (scene.server.accepted != !rows[i].refused || scene.status != (rows[i].refused ? 0 : 200) ||
            (rows[i].refused && !strstr(scene.fault, rows[i].refused)))
            fail_msg("%s: %u connections, %d, '%s'", rows[i].why, scene.server.accepted, scene.status, scene.fault);
        scene_close(&scene);
    }
}

static void many_are_asked_at_once(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    scene.server.reply = TEXT("HTTP/1.1 200 OK\r\n" LENGTH(4) "well");
    for (uint64_t token = 0; token < LIMIT; token++)
        scene_ask(&scene, "127.0.0.1", token, AWAIT_LIMIT);
    scene_await(&scene, LIMIT);
    assert_int_equal(scene.tokens, UINT32_MAX);
    assert_int_equal(scene.server.accepted, LIMIT);
    scene_ask(&scene, "127.0.0.1", LIMIT, AWAIT_LIMIT);
    scene_await(&scene, LIMIT + 1);
    scene_close(&scene);
}

static void an_answer_may_lead_to_a_question(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene, "127.0.0.1", 1);
    scene.again = 3;
    scene.server.reply = TEXT("HTTP/1.1 200 OK\r\n" LENGTH(4) "well");
    scene_ask(&scene, "127.0.0.1", 0, AWAIT_LIMIT);
    scene_await(&scene, 4);
    assert_int_equal(scene.tokens, 0xf);
    scene_close(&scene);
}

static unsigned open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static bool all_have_asked(void *user)
{
    struct scene *scene = user;
    return scene->server.asked >= scene->want;
}

static void freeing_drops_what_is_under_way(void **state)
{
    unsigned before = open_descriptors();
    struct scene scene;
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    for (uint64_t token = 0; token < 8; token++)
        scene_ask(&scene, "127.0.0.1", token, AWAIT_LIMIT);
    scene.want = 8;
    assert_true(await_loop(scene.loop, all_have_asked, &scene, AWAIT_LIMIT));
    scene_ask(&scene, "127.0.0.1", 8, AWAIT_LIMIT); /* has not begun */
    http_client_free(scene.client);
    scene.client = NULL;
    await_span(scene.loop, 20);
    assert_int_equal(scene.answers, 0);
    scene_close(&scene);
    assert_int_equal(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_listed_addresses_are_connected_to),
        cmocka_unit_test(many_are_asked_at_once),
        cmocka_unit_test(an_answer_may_lead_to_a_question),
        cmocka_unit_test(freeing_drops_what_is_under_way),
    };
    return cmocka_run_group_tests_name("http_client_limits", tests, NULL, NULL);
}
