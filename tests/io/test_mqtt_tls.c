/* The MQTT client and TLS: a broker with a certificate that was made for this run. */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "mqtt_tls.h"
#include "peer.h"
#include "socket.h"

#define BROKER_CONFIG "listener @PORT@ 127.0.0.1\ncertfile @DIR@/cert\nkeyfile @DIR@/key\n"

static char cert[256], key[256]; /* of the latest broker, in its folder */

/* A broker for TLS whose certificate is for `name` only and is its own authority. */
static void scene_init_tls(struct scene *scene, const char *name)
{
    char *folder = broker_folder_new();
    char command[1024];
    scene_init_offline(scene);
    assert_non_null(folder);
    snprintf(cert, sizeof cert, "%s/cert", folder);
    snprintf(key, sizeof key, "%s/key", folder);
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=x "
             "-addext subjectAltName=%s -keyout '%s' -out '%s' 2>/dev/null",
             name, key, cert);
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
    scene_init_tls(&scene, "DNS:localhost");
    start(&scene, "localhost", "mqtts", "cert");
    peer_await(&scene.a, peer_is_up);
    peer_subscribe(&scene.a, "test/#", 0);
    scene.a.want = COUNT;
    for (int i = 0; i < COUNT; i++)
        peer_publish(&scene.a, "test/x", "through TLS", 0);
    peer_await(&scene.a, peer_has_messages);
    assert_int_equal(scene.a.messages, COUNT);
    assert_string_equal(scene.a.payload, "through TLS");
    mqtt_ops.stop(scene.a.mqtt, peer_on_stopped);
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
        scene_init_tls(&scene, "DNS:localhost");
        start(&scene, rows[i].host, rows[i].scheme, rows[i].cafile);
        peer_await(&scene.a, peer_has_failed);
        if (!strstr(scene.a.why, rows[i].sentence))
            fail_msg("%s: %s", rows[i].why, scene.a.why);
        assert_int_equal(scene.a.ups, 0);
        scene_clear(&scene);
    }
}

static void key_that_others_may_write_is_refused(void **state)
{
    struct mqtt_options options = { .client_id = "a", .keep_alive_s = 10 };
    char uri[128];
    struct scene scene;
    (void)state;
    scene_init_tls(&scene, "DNS:localhost");
    snprintf(uri, sizeof uri, "mqtts://localhost:%d", broker_port(scene.broker));
    options.login = (struct broker_login){ .broker = uri, .cafile = cert, .cert = cert, .key = key };
    assert_int_equal(chmod(key, 0666), 0);
    peer_start_with(&scene.a, scene.loop, &options);
    peer_await(&scene.a, peer_has_failed);
    assert_non_null(strstr(scene.a.why, "others than its owner may write it"));
    scene_clear(&scene);
}

static const char *reader; /* of OpenSSL: what it reads is checked, and then its path leads elsewhere */
static char path_read[256];

static void lead_elsewhere(const char *name)
{
    if (!reader || strcmp(name, reader) != 0)
        return;
    assert_int_equal(unlink(path_read), 0);
    assert_int_equal(symlink("/dev/null", path_read), 0);
}

/* Named by the linker's --wrap. */
#define WRAPPED(name, parameters, arguments) \
    int __real_##name parameters;            \
    int __wrap_##name parameters;            \
    int __wrap_##name parameters             \
    {                                        \
        lead_elsewhere(#name);               \
        return __real_##name arguments;      \
    }

WRAPPED(SSL_CTX_load_verify_file, (struct ssl_ctx_st * context, const char *path), (context, path))
WRAPPED(SSL_CTX_use_certificate_chain_file, (struct ssl_ctx_st * context, const char *path), (context, path))
WRAPPED(SSL_CTX_use_PrivateKey_file, (struct ssl_ctx_st * context, const char *path, int type), (context, path, type))

static void what_was_checked_is_what_is_used(void **state)
{
    struct broker_login login = { .cafile = cert, .cert = cert, .key = key };
    const struct {
        const char *reader, *file, **path;
    } rows[] = { { "SSL_CTX_load_verify_file", "cert", &login.cafile },
                 { "SSL_CTX_use_certificate_chain_file", "cert", &login.cert },
                 { "SSL_CTX_use_PrivateKey_file", "key", &login.key } };
    struct scene scene;
    (void)state;
    scene_init_tls(&scene, "DNS:localhost");
    snprintf(path_read, sizeof path_read, "%s/link", broker_folder(scene.broker));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *before = *rows[i].path;
        struct ssl_ctx_st *context = NULL;
        struct errbuf e = { 0 };
        assert_int_equal(symlink(rows[i].file, path_read), 0);
        *rows[i].path = path_read;
        reader = rows[i].reader;
        if (mqtt_tls_new(&login, "localhost", &context, &e) != OK)
            fail_msg("%s: %s", rows[i].reader, e.text);
        mqtt_tls_free(context);
        reader = NULL;
        *rows[i].path = before;
        assert_int_equal(unlink(path_read), 0);
    }
    scene_clear(&scene);
}

static void names_and_addresses_are_checked(void **state)
{
    static const struct {
        const char *why, *name, *host, *sentence; /* NULL = it comes up */
    } rows[] = {
        { "an address", "IP:127.0.0.1", "127.0.0.1", NULL },
        { "another address", "IP:127.0.0.2", "127.0.0.1", "for another host name" },
        { "an address as a name is none", "DNS:127.0.0.1", "127.0.0.1", "for another host name" },
        { "one of several", "DNS:example,DNS:localhost", "localhost", NULL },
        { "another name, though the address would fit", "IP:127.0.0.1", "localhost", "for another host name" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init_tls(&scene, rows[i].name);
        start(&scene, rows[i].host, "mqtts", "cert");
        peer_await(&scene.a, rows[i].sentence ? peer_has_failed : peer_is_up);
        if (rows[i].sentence && !strstr(scene.a.why, rows[i].sentence))
            fail_msg("%s: %s", rows[i].why, scene.a.why);
        scene_clear(&scene);
    }
}

static void the_environment_names_the_system_s_store(void **state)
{
    struct scene scene;
    (void)state;
    scene_init_tls(&scene, "DNS:localhost");
    setenv("SSL_CERT_FILE", cert, 1);
    start(&scene, "localhost", "mqtts", NULL);
    peer_await(&scene.a, peer_is_up);
    unsetenv("SSL_CERT_FILE");
    scene_clear(&scene);
}

/* What the client says first, in clear text: it names the host as it was configured, though it connects to a number. */
static void the_host_is_named_to_the_broker(void **state)
{
    static const struct {
        const char *host, *named; /* NULL = no host at all */
    } rows[] = { { "localhost", "localhost" }, { "127.0.0.1", NULL } };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int listener = socket_listen(0), fd;
        struct pollfd ready = { .fd = listener, .events = POLLIN };
        char uri[64], hello[2048];
        struct scene scene;
        ssize_t got;
        scene_init_offline(&scene);
        scene.a.retry = 3600 * 1000;
        snprintf(uri, sizeof uri, "mqtts://%s:%d", rows[i].host, socket_port(listener));
        peer_start(&scene.a, scene.loop, uri, "a");
        while (poll(&ready, 1, 0) == 0)
            await_span(scene.loop, 5);
        fd = accept(listener, NULL, NULL);
        await_span(scene.loop, 50);
        got = recv(fd, hello, sizeof hello, MSG_DONTWAIT);
        assert_true(got > 100);
        assert_int_equal(memmem(hello, (size_t)got, "localhost", 9) != NULL, rows[i].named != NULL);
        assert_null(memmem(hello, (size_t)got, "127.0.0.1", 9));
        close(fd);
        peer_await(&scene.a, peer_has_failed);
        scene_clear(&scene);
        close(listener);
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

/* On loopback that shows before libmosquitto, which begins TLS early, returns. */
static void an_address_that_refuses_is_passed(void **state)
{
    struct mqtt_options options = { .client_id = "a", .keep_alive_s = 10 };
    char uri[128];
    struct scene scene;
    (void)state;
    scene_init_tls(&scene, "DNS:localhost");
    options.login.cafile = cert;
    options.login.broker = "mqtts://127.0.0.1:1";
    peer_start_with(&scene.a, scene.loop, &options);
    peer_await(&scene.a, peer_has_failed);
    assert_string_equal(scene.a.why, "cannot connect to 127.0.0.1:1: Connection refused");
    snprintf(uri, sizeof uri, "mqtts://[::1]:1,mqtts://127.0.0.1:1,mqtts://localhost:%d", broker_port(scene.broker));
    options.login.broker = uri;
    options.client_id = "b";
    scene.b.retry = scene.a.retry;
    peer_start_with(&scene.b, scene.loop, &options);
    peer_await(&scene.b, peer_is_up);
    assert_int_equal(scene.b.fails, 0);
    scene_clear(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_pass_through_tls),
        cmocka_unit_test(what_cannot_be_verified_is_refused),
        cmocka_unit_test(key_that_others_may_write_is_refused),
        cmocka_unit_test(what_was_checked_is_what_is_used),
        cmocka_unit_test(names_and_addresses_are_checked),
        cmocka_unit_test(the_environment_names_the_system_s_store),
        cmocka_unit_test(the_host_is_named_to_the_broker),
        cmocka_unit_test(tls_to_a_port_without_is_refused),
        cmocka_unit_test(an_address_that_refuses_is_passed),
    };
    umask(022); /* no file is trusted that others may write */
    return cmocka_run_group_tests_name("mqtt_tls", tests, NULL, NULL);
}
