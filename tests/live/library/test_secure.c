/* test_secure.c - brokers that want TLS or a password. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scene.h"

/* Made in the broker's folder: a certificate for localhost that is its own authority, and the password of `bee`. */
#define MAKE_FILES                                                                                                     \
    "cd '%s' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj "              \
    "/CN=localhost "                                                                                                   \
    "-addext subjectAltName=DNS:localhost -keyout key -out cert 2>/dev/null && touch users && chmod 644 users key && " \
    "mosquitto_passwd -b users bee honey && chmod 644 users && echo honey >right && echo wax >wrong && "               \
    "printf 'honey\\r\\n' >dos && echo honey >writable && chmod 666 writable"

static struct broker *broker_with(const char *config)
{
    char *folder = broker_folder_new();
    char command[1024];
    struct broker *made;
    assert_non_null(folder);
    snprintf(command, sizeof command, MAKE_FILES, folder);
    assert_int_equal(system(command), 0);
    made = broker_start_in(folder, config);
    assert_non_null(made);
    return made;
}

struct row {
    const char *why, *scheme, *host, *cafile, *password_file;
    const char *says; /* the notice; NULL = it comes online */
};

struct received_at {
    const char *says;
    atomic_bool said;
};

static void listen_for(void *user, enum skep_log_level level, const char *message)
{
    struct received_at *received_at = user;
    (void)level;
    if (received_at->says && strstr(message, received_at->says))
        atomic_store(&received_at->said, true);
}

static bool was_said(void *user)
{
    return atomic_load(&((struct received_at *)user)->said);
}

static void check_row(struct broker *at, const struct row *row)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct received_at received_at = { .says = row->says };
    struct skep_worker *worker;
    char uri[128], cafile[256], password_file[256];
    bool fine;
    snprintf(uri, sizeof uri, "%s://%s:%d", row->scheme, row->host, broker_port(at));
    snprintf(cafile, sizeof cafile, "%s/%s", broker_folder(at), row->cafile ? row->cafile : "");
    snprintf(password_file, sizeof password_file, "%s/%s", broker_folder(at),
             row->password_file ? row->password_file : "");
    options.cafile = row->cafile ? cafile : NULL;
    options.username = row->password_file ? "bee" : NULL;
    options.password_file = row->password_file ? password_file : NULL;
    options.log = listen_for;
    options.user = &received_at;
    worker = open_at(uri, options);
    fine = row->says ? await(was_said, &received_at, AWAIT_LIMIT) : await(is_online, worker, AWAIT_LIMIT);
    if (row->says && skep_worker_is_online(worker))
        fine = false;
    skep_worker_close(worker, NULL, row->says ? 0 : 1000);
    if (!fine)
        fail_msg("%s", row->why);
}

static void check_rows(const char *config, const struct row *rows, size_t count)
{
    struct broker *at = broker_with(config);
    for (size_t i = 0; i < count; i++)
        check_row(at, &rows[i]);
    broker_free(at);
}

static void test_tls(void **state)
{
    static const struct row rows[] = {
        { "a certificate that fits", "mqtts", "localhost", "cert", NULL, NULL },
        { "a certificate of another name", "mqtts", "127.0.0.1", "cert", NULL, "for another host name" },
        { "an authority that the system does not know", "mqtts", "localhost", NULL, NULL,
          "not signed by a trusted authority" },
        { "no such file", "mqtts", "localhost", "nothing", NULL, "cannot read the CA file" },
        { "no TLS where it is wanted", "mqtt", "localhost", NULL, NULL, "cannot reach the broker" },
    };
    (void)state;

    check_rows("listener @PORT@ 127.0.0.1\ncertfile @DIR@/cert\nkeyfile @DIR@/key\nallow_anonymous true\n", rows,
               sizeof rows / sizeof rows[0]);
}

static void test_password(void **state)
{
    static const struct row rows[] = {
        { "the right one", "mqtt", "127.0.0.1", NULL, "right", NULL },
        { "a wrong one", "mqtt", "127.0.0.1", NULL, "wrong", "Not authorized" },
        { "none", "mqtt", "127.0.0.1", NULL, NULL, "Not authorized" },
        { "no such file", "mqtt", "127.0.0.1", NULL, "nothing", "password file" },
        { "with the end of line of DOS", "mqtt", "127.0.0.1", NULL, "dos", NULL },
        { "others may write it", "mqtt", "127.0.0.1", NULL, "writable", "others than its owner may write it" },
    };
    (void)state;

    check_rows("listener @PORT@ 127.0.0.1\nallow_anonymous false\npassword_file @DIR@/users\n", rows,
               sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls),
        cmocka_unit_test(test_password),
    };
    umask(022); /* no file is trusted that others may write */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
