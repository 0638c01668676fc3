#include "mqtt_setup.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <pthread.h>
#include <signal.h>

#include "mqtt_fault.h"
#include "mqtt_properties.h"
#include "mqtt_tls.h"
#include "secret.h"

static void library_start(void)
{
    mosquitto_lib_init();
}

/* mosquitto_new makes the whole process ignore SIGPIPE; a program that embeds the worker library gets back what it had.
 * The mutex keeps two clients from putting back each other's. libmosquitto is never cleaned up: the program may use it
 * itself. */
static struct mosquitto *create(const char *id, void *user)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction before;
    struct mosquitto *mosquitto;
    pthread_once(&once, library_start);
    pthread_mutex_lock(&mutex);
    sigaction(SIGPIPE, NULL, &before);
    mosquitto = mosquitto_new(id, true, user);
    sigaction(SIGPIPE, &before, NULL);
    pthread_mutex_unlock(&mutex);
    return mosquitto;
}

/* NULL without a file. */
static enum err read_password(const struct broker_login *login, char **ret, struct errbuf *e)
{
    enum err err = login->password_file ? secret_read(login->password_file, ret, e) : OK;
    return err == OK ? OK : err_set(e, err, "password file %s", e->text);
}

static enum err set_login(struct mosquitto *mosquitto, const struct broker_login *login, struct errbuf *e)
{
    char *password = NULL;
    enum err err = read_password(login, &password, e);
    if (err != OK)
        return err;
    if (mosquitto_username_pw_set(mosquitto, login->username, password) != MOSQ_ERR_SUCCESS)
        err = err_set(e, ERR_NOMEM, "cannot set the user name and the password");
    secret_free(password);
    return err;
}

static enum err set_tls(struct mosquitto *mosquitto, const struct broker_login *login, const char *host,
                        struct errbuf *e)
{
    struct ssl_ctx_st *context = NULL;
    enum err err = mqtt_tls_new(login, host, &context, e);
    if (err != OK)
        return err_set(e, err, "TLS with %s: %s", host, e->text);
    if (mosquitto_int_option(mosquitto, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0) != MOSQ_ERR_SUCCESS ||
        mosquitto_void_option(mosquitto, MOSQ_OPT_SSL_CTX, context) != MOSQ_ERR_SUCCESS)
        err = err_set(e, ERR_IO, "libmosquitto was built without TLS");
    mqtt_tls_free(context); /* libmosquitto has a reference of its own */
    return err;
}

enum err mqtt_setup_try_files(const struct broker_login *login, struct errbuf *e)
{
    struct ssl_ctx_st *context = NULL;
    struct broker_list brokers;
    char *password = NULL;
    enum err err;
    if ((err = broker_login_check(login, &brokers, e)) != OK || (err = read_password(login, &password, e)) != OK)
        return err;
    secret_free(password);
    if (brokers.tls && (err = mqtt_tls_new(login, brokers.at[0].host, &context, e)) == OK)
        mqtt_tls_free(context);
    return err;
}

static enum err set_will(struct mosquitto *mosquitto, const struct publish *will, struct errbuf *e)
{
    mosquitto_property *properties = NULL;
    enum err err = mqtt_properties_write(will, &properties);
    int fault;
    if (err != OK)
        return err_set(e, err, "cannot set the will: %s", err_name(err));
    fault = mosquitto_will_set_v5(mosquitto, will->topic, (int)will->payload.len, will->payload.at, will->qos,
                                  will->retain, properties); /* takes the properties, unless it fails */
    if (fault == MOSQ_ERR_SUCCESS)
        return OK;
    mosquitto_property_free_all(&properties);
    return err_set(e, mqtt_fault_err(fault), "cannot set the will: %s", mosquitto_strerror(fault));
}

/* libmosquitto takes CONNECT's properties only where it also connects and blocks: the host is left out, which makes
 * that fail behind the point where it has copied them. */
static enum err set_properties(struct mosquitto *mosquitto, const struct mqtt_options *options, struct errbuf *e)
{
    mosquitto_property *properties = NULL;
    int fault = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, options->receive_max);
    if (fault == MOSQ_ERR_SUCCESS)
        fault = mosquitto_connect_bind_v5(mosquitto, NULL, 1, options->keep_alive_s, NULL, properties);
    mosquitto_property_free_all(&properties);
    return fault == MOSQ_ERR_INVAL ? OK : err_set(e, ERR_NOMEM, "MQTT connection: %s", mosquitto_strerror(fault));
}

enum err mqtt_setup(const struct mqtt_options *options, const struct mqtt_peer *peer, const struct publish *will,
                    void *user, struct mosquitto **ret, struct errbuf *e)
{
    struct mosquitto *mosquitto = create(options->client_id, user);
    enum err err;
    if (!mosquitto)
        return err_set(e, ERR_NOMEM, "MQTT connection: out of memory");
    mosquitto_int_option(mosquitto, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
    mosquitto_int_option(mosquitto, MOSQ_OPT_TCP_NODELAY, 1);
    err = set_properties(mosquitto, options, e);
    if (err == OK)
        err = set_login(mosquitto, &options->login, e);
    if (err == OK && peer->tls)
        err = set_tls(mosquitto, &options->login, peer->broker->host, e);
    if (err == OK && will)
        err = set_will(mosquitto, will, e);
    if (err != OK) {
        mosquitto_destroy(mosquitto);
        return err;
    }
    *ret = mosquitto;
    return OK;
}
