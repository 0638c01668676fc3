#include "link_setup.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "secret.h"

static void library_start(void)
{
    mosquitto_lib_init();
}

/* Never cleaned up: the program may use libmosquitto itself. */
static void library_need(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, library_start);
}

/* mosquitto_new makes the whole process ignore SIGPIPE. It is blocked on our threads, so the program gets back what it
 * had. The mutex keeps two workers from putting back each other's. */
static struct mosquitto *client_new(const char *id, void *user)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction before;
    struct mosquitto *mosq;

    pthread_mutex_lock(&mutex);
    sigaction(SIGPIPE, NULL, &before);
    mosq = mosquitto_new(id, true, user);
    sigaction(SIGPIPE, &before, NULL);
    pthread_mutex_unlock(&mutex);
    return mosq;
}

static enum err check(int rc, const char *what, struct errbuf *e)
{
    if (rc == MOSQ_ERR_SUCCESS)
        return OK;
    return err_set(e, rc == MOSQ_ERR_NOMEM ? ERR_NOMEM : ERR_IO, "%s: %s", what, mosquitto_strerror(rc));
}

static enum err setup_login(struct mosquitto *mosq, const struct link_options *options, struct errbuf *e)
{
    char *password = NULL;
    enum err err = OK;

    if (options->login.password_file)
        err = secret_read(options->login.password_file, &password, e);
    if (err != OK)
        return err_set(e, err, "password file %s", e->text);
    if (err == OK && (options->login.username || password))
        err = check(mosquitto_username_pw_set(mosq, options->login.username, password), "user name", e);
    secret_free(password);
    return err;
}

/* A key with a passphrase is refused: nobody is there to be asked. */
static int no_passphrase(char *buf, int size, int rwflag, void *userdata)
{
    (void)buf, (void)size, (void)rwflag, (void)userdata;
    return 0;
}

static enum err check_readable(const char *what, const char *path, struct errbuf *e)
{
    if (path && access(path, R_OK))
        return err_set(e, ERR_IO, "cannot read the %s %s: %s", what, path, strerror(errno));
    return OK;
}

static enum err check_files(const struct link_options *options, struct errbuf *e)
{
    enum err err = check_readable("CA file", options->login.cafile, e);

    if (err == OK)
        err = check_readable("certificate", options->login.cert, e);
    return err == OK ? check_readable("key", options->login.key, e) : err;
}

static enum err setup_tls(struct mosquitto *mosq, const struct link_options *options, struct errbuf *e)
{
    enum err err;

    if (!options->brokers.tls)
        return OK;
    err = check_files(options, e);
    if (err != OK)
        return err;
    if (!options->login.cafile) {
        err = check(mosquitto_int_option(mosq, MOSQ_OPT_TLS_USE_OS_CERTS, 1), "TLS", e);
        if (err != OK || !options->login.cert)
            return err;
    }
    return check(mosquitto_tls_set(mosq, options->login.cafile, options->login.cafile ? NULL : "/etc/ssl/certs",
                                   options->login.cert, options->login.key, no_passphrase),
                 "TLS files", e);
}

static enum err setup_will(struct mosquitto *mosq, const struct publish *will, struct errbuf *e)
{
    mosquitto_property *properties = NULL;
    int rc = link_properties(will, &properties);

    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_will_set_v5(mosq, will->topic, (int)will->payload.len, will->payload.at, will->qos, will->retain,
                                   properties);
    if (rc != MOSQ_ERR_SUCCESS) /* else the client took them */
        mosquitto_property_free_all(&properties);
    return check(rc, "will", e);
}

enum err link_setup(const struct link_options *options, const struct publish *will, void *user, struct mosquitto **ret,
                    struct errbuf *e)
{
    struct mosquitto *mosq;
    enum err err;

    library_need();
    mosq = client_new(options->client_id, user);
    if (!mosq)
        return err_set(e, ERR_NOMEM, "no memory for the connection");
    err = check(mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5), "protocol", e);
    if (err == OK)
        err = check(mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1), "socket", e);
    if (err == OK)
        err = setup_login(mosq, options, e);
    if (err == OK)
        err = setup_tls(mosq, options, e);
    if (err == OK)
        err = setup_will(mosq, will, e);
    if (err != OK) {
        mosquitto_destroy(mosq);
        return err;
    }
    *ret = mosq;
    return OK;
}

int link_properties(const struct publish *publish, mosquitto_property **ret)
{
    int rc = MOSQ_ERR_SUCCESS;

    if (publish->content_type) {
        rc = mosquitto_property_add_byte(ret, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1);
        if (rc == MOSQ_ERR_SUCCESS)
            rc = mosquitto_property_add_string(ret, MQTT_PROP_CONTENT_TYPE, publish->content_type);
    }
    if (rc == MOSQ_ERR_SUCCESS && publish->expiry_s > 0)
        rc = mosquitto_property_add_int32(ret, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, publish->expiry_s);
    if (rc == MOSQ_ERR_SUCCESS && publish->response_topic)
        rc = mosquitto_property_add_string(ret, MQTT_PROP_RESPONSE_TOPIC, publish->response_topic);
    if (rc == MOSQ_ERR_SUCCESS && publish->correlation.at)
        rc = mosquitto_property_add_binary(ret, MQTT_PROP_CORRELATION_DATA, publish->correlation.at,
                                           (uint16_t)publish->correlation.len);
    return rc;
}
