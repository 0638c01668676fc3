/* What the HTTP client makes of servers, good and bad. */
#include <stdlib.h>

#include "http_scene.h"

static void servers_are_taken_at_their_word(void **state)
{
    static const struct {
        const char *why;
        const char *reply;
        int status;       /* 0 = none */
        const char *says; /* the body, or part of the fault */
    } rows[] = {
        { "all is well", "HTTP/1.1 200 OK\r\n" LENGTH(4) "well", 200, "well" },
        { "all is not", "HTTP/1.1 503 Service Unavailable\r\n" LENGTH(3) "ill", 503, "ill" },
        { "not there", "HTTP/1.1 404 Not Found\r\n" LENGTH(0), 404, "" },
        { "no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, "" },
        { "no length", "HTTP/1.0 200 OK\r\n\r\nwell", 200, "well" },
        { "pieces", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nwe\r\n2\r\nll\r\n0\r\n\r\n", 200,
          "well" },
        { "a word before", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" LENGTH(4) "well", 200, "well" },
        { "packed, and left so", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" LENGTH(4) "zzzz", 200, "zzzz" },
        { "somebody else shall be asked",
          "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/health\r\nSet-Cookie: a=b\r\n" LENGTH(2) "no", 302, "no" },
        { "somebody else, in a file", "HTTP/1.1 301 Moved\r\nLocation: file:///etc/passwd\r\n" LENGTH(0), 301, "" },
        { "who are you", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\n" LENGTH(0), 401, "" },
        { "closed before it ends", "HTTP/1.1 200 OK\r\n" LENGTH(9) "well", 0, "transfer closed" },
        { "closed at once", "", 0, "Empty reply" },
        { "not HTTP", "SSH-2.0-OpenSSH_9.2\r\n", 0, "HTTP/0.9" },
    };
    struct scene scene;

    (void)state;
    setenv("http_proxy", "http://192.0.2.1:1", 1);
    setenv("ALL_PROXY", "http://192.0.2.1:1", 1);
    scene_open(&scene, "127.0.0.1", LIMIT);
    for (unsigned i = 0; i < ARRAY_LEN(rows); i++) {
        scene.server.reply = text_of(rows[i].reply);
        scene_ask(&scene, "127.0.0.1", i, AWAIT_LIMIT);
        scene_await(&scene, i + 1);
        if (scene.status != rows[i].status || scene.server.accepted != i + 1)
            fail_msg("%s: %d, '%s', %u connections", rows[i].why, scene.status, scene.fault, scene.server.accepted);
        if (rows[i].status ? strcmp(buf_str(&scene.body), rows[i].says) != 0 : !strstr(scene.fault, rows[i].says))
            fail_msg("%s: '%s', '%s'", rows[i].why, buf_str(&scene.body), scene.fault);
    }
    scene_close(&scene);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
}

static void requests_say_little(void **state)
{
    struct scene scene;
    char host[40];
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    scene.server.reply = TEXT("HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\n\r\n");
    for (unsigned i = 0; i < 2; i++) { /* the second could carry the cookie */
        const char *seen = scene.server.connections[i].seen;
        scene_ask(&scene, "127.0.0.1", i, AWAIT_LIMIT);
        scene_await(&scene, i + 1);
        snprintf(host, sizeof host, "\r\nHost: 127.0.0.1:%d\r\n", scene.server.port);
        assert_memory_equal(seen, "GET /health HTTP/1.1\r\n", 22);
        assert_non_null(strstr(seen, host));
        assert_non_null(strstr(seen, "\r\nUser-Agent: skep/"));
        assert_null(strstr(seen, "Cookie"));
        assert_null(strstr(seen, "Authorization"));
    }
    scene_close(&scene);
}

static void bodies_are_limited(void **state)
{
    struct scene scene;
    struct buf reply = BUF_INIT;
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    buf_add_str(&reply, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < HTTP_CLIENT_BODY_MAX; i++)
        buf_add_char(&reply, 'x');
    scene.server.reply = buf_text(&reply);
    scene_ask(&scene, "127.0.0.1", 0, AWAIT_LIMIT);
    scene_await(&scene, 1);
    assert_int_equal(scene.status, 200);
    assert_int_equal(scene.body.len, HTTP_CLIENT_BODY_MAX);

    buf_add_char(&reply, 'x');
    scene.server.reply = buf_text(&reply);
    scene_ask(&scene, "127.0.0.1", 1, AWAIT_LIMIT);
    scene_await(&scene, 2);
    assert_int_equal(scene.status, 0);
    assert_string_equal(scene.fault, "the answer has more than 16 KiB");
    scene_close(&scene);
    buf_clear(&reply);
}

static void headers_are_limited(void **state)
{
    static const struct {
        const char *why, *before, *behind;
    } rows[] = {
        { "before the body", "HTTP/1.1 200 OK\r\n", LENGTH(4) "well" },
        { "words before", "HTTP/1.1 100 Continue\r\n", "\r\nHTTP/1.1 200 OK\r\n" LENGTH(4) "well" },
        { "behind it", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwell\r\n0\r\n", "\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        struct buf reply = BUF_INIT;
        scene_open(&scene, "127.0.0.1", LIMIT);
        buf_add_str(&reply, rows[i].before);
        for (int line = 0; line < HTTP_CLIENT_HEADER_MAX / 64; line++)
            buf_printf(&reply, "X-%04d: %054d\r\n", line, line);
        buf_add_str(&reply, rows[i].behind);
        scene.server.reply = buf_text(&reply);
        scene_ask(&scene, "127.0.0.1", 0, AWAIT_LIMIT);
        scene_await(&scene, 1);
        if (scene.status != 0 || strcmp(scene.fault, "the answer has more than 64 KiB of headers") != 0)
            fail_msg("%s: %d, '%s'", rows[i].why, scene.status, scene.fault);
        scene_close(&scene);
        buf_clear(&reply);
    }
}

static void timeout_ends(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    scene_ask(&scene, "127.0.0.1", 0, 50);
    scene_await(&scene, 1);
    assert_int_equal(scene.status, 0);
    assert_non_null(strstr(scene.fault, "timed out"));

    scene.server.reply = TEXT("HTTP/1.1 200 OK\r\n" LENGTH(4) "well");
    scene_ask(&scene, "127.0.0.1", 1, AWAIT_LIMIT);
    scene_await(&scene, 2);
    assert_int_equal(scene.status, 200);
    scene_close(&scene);
}

static void nobody_is_there(void **state)
{
    struct scene scene;
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    close(scene.server.listener);
    loop_fd_free(scene.server.watch);
    scene.server.watch = NULL;
    scene.server.listener = -1;
    scene_ask(&scene, "127.0.0.1", 0, AWAIT_LIMIT);
    scene_await(&scene, 1);
    assert_int_equal(scene.status, 0);
    assert_non_null(strstr(scene.fault, "127.0.0.1"));
    scene_close(&scene);
}

static void https_needs_a_server_that_can(void **state)
{
    struct scene scene;
    char url[80];
    (void)state;
    scene_open(&scene, "127.0.0.1", LIMIT);
    scene.server.reply = TEXT("HTTP/1.1 200 OK\r\n\r\n");
    snprintf(url, sizeof url, "https://127.0.0.1:%d/health", scene.server.port);
    assert_int_equal(http_client_get(scene.client, url, 0, AWAIT_LIMIT), OK);
    scene_await(&scene, 1);
    assert_int_equal(scene.status, 0);
    assert_int_equal(scene.server.connections[0].seen[0], 0x16);
    assert_non_null(strstr(scene.fault, "SSL"));
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_taken_at_their_word),
        cmocka_unit_test(requests_say_little),
        cmocka_unit_test(bodies_are_limited),
        cmocka_unit_test(headers_are_limited),
        cmocka_unit_test(timeout_ends),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(https_needs_a_server_that_can),
    };
    return cmocka_run_group_tests_name("http_client", tests, NULL, NULL);
}
