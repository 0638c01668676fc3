/* The MQTT client and TLS: a broker with a certificate that was made for this run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "peer.h"

#define BROKER_CONFIG "listener @PORT@ 127.0.0.1\ncertfile @DIR@/cert\nkeyfile @DIR@/key\n"

/* A broker for TLS whose certificate, in its folder as `cert`, names localhost only and is its own authority. */
static void scene_init_tls(struct scene *scene)
{
    char *folder = broker_folder_new();
    char command[1024];

    scene_init_offline(scene);
    assert_non_null(folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost "
             "-addext subjectAltName=DNS:localhost -keyout '%s/key' -out '%s/cert' 2>/dev/null",
             folder, folder);
    assert_int_equal(system(command), 0);
    scene->broker = broker_start_in(folder, BROKER_CONFIG);
    assert_non_null(scene->broker);
    scene->a.retry = 3600 * 1000;
}

static void start(struct scene *scene, const char *host, const char *scheme, const char *cafile)
{
    struct mqtt_options options = { .client_id = "a", .keep_alive_s = 10 };
    char uri[128], path[256];

    snprintf(uri, sizeof uri, "%s://%s:%d", scheme, host, broker_port(scene->broker));
    snprintf(path, sizeof path, "%s/%s", broker_folder(scene->broker), cafile ? cafile : "");
    options.login.broker = uri;
    options.login.cafile = cafile ? path : NULL;
    peer_start_with(&scene->a, scene->loop, &options);
}

static void messages_pass_through_tls(void **state)
{
    enum { COUNT = 2000 };
    struct scene scene;

    (void)state;
    scene_init_tls(&scene);
    start(&scene, "localhost", "mqtts", "cert");
    peer_await(&scene.a, peer_is_up);
    peer_subscribe(&scene.a, "test/#", 0);
    scene.a.want = COUNT;
    for (int i = 0; i < COUNT; i++)
        peer_publish(&scene.a, "test/x", "through TLS", 0);
    peer_await(&scene.a, peer_has_messages);
    assert_int_equal(scene.a.messages, COUNT);
    assert_string_equal(scene.a.payload, "through TLS");
    mqtt_stop(scene.a.mqtt, peer_on_stopped);
    peer_await(&scene.a, peer_is_stopped);
    scene_clear(&scene);
}

static void what_cannot_be_verified_is_refused(void **state)
{
    static const struct {
        const char *why, *host, *scheme, *cafile, *sentence;
    } rows[] = {
        { "authority unknown to the system", "localhost", "mqtts", NULL, "not signed by a trusted authority" },
        { "certificate of another name", "127.0.0.1", "mqtts", "cert", "for another host name" },
        { "authority in a file that is none", "localhost", "mqtts", "key", "TLS with localhost" },
        { "no such file", "localhost", "mqtts", "nothing", "cannot read the CA file" },
        { "no TLS to a port that wants it", "localhost", "mqtt", NULL, "no MQTT connection to localhost" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;

        scene_init_tls(&scene);
        start(&scene, rows[i].host, rows[i].scheme, rows[i].cafile);
        peer_await(&scene.a, peer_has_failed);
        if (!strstr(scene.a.why, rows[i].sentence))
            fail_msg("%s: %s", rows[i].why, scene.a.why);
        assert_int_equal(scene.a.ups, 0);
        scene_clear(&scene);
    }
}

static void tls_to_a_port_without_is_refused(void **state)
{
    struct scene scene;

    (void)state;
    scene_init(&scene, NULL);
    scene.a.retry = 3600 * 1000;
    start(&scene, "localhost", "mqtts", NULL);
    peer_await(&scene.a, peer_has_failed);
    assert_int_equal(scene.a.fails, 1);
    assert_non_null(strstr(scene.a.why, "localhost"));
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_pass_through_tls),
        cmocka_unit_test(what_cannot_be_verified_is_refused),
        cmocka_unit_test(tls_to_a_port_without_is_refused),
    };

    return cmocka_run_group_tests_name("mqtt_tls", tests, NULL, NULL);
}
