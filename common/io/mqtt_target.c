#include "mqtt_target.h"

#include <stdlib.h>

#include <mosquitto.h>

#define KEEP_ALIVE_MIN 5 /* libmosquitto refuses less */
#define KEEP_ALIVE_MAX 65535

static enum err options_check(const struct mqtt_options *options, struct errbuf *e)
{
    if (options->keep_alive_s < KEEP_ALIVE_MIN || options->keep_alive_s > KEEP_ALIVE_MAX)
        return err_set(e, ERR_RANGE, "keep alive of %d s: must be %d to %d s", options->keep_alive_s, KEEP_ALIVE_MIN,
                       KEEP_ALIVE_MAX);
    if (!options->client_id || !*options->client_id)
        return err_set(e, ERR_RANGE, "MQTT client id: must not be empty");
    return OK;
}

/* Copies a string if there is one; false: out of memory. */
static bool copy(const char *from, char **ret)
{
    return !from || (*ret = strdup(from));
}

static bool copy_all(const struct mqtt_options *options, struct mqtt_target *target)
{
    return copy(options->client_id, &target->client_id) && copy(options->login.username, &target->username) &&
           copy(options->login.password_file, &target->password_file) && copy(options->login.cafile, &target->cafile) &&
           copy(options->login.cert, &target->cert) && copy(options->login.key, &target->key);
}

enum err mqtt_target_new(const struct mqtt_options *options, struct mqtt_target **ret, struct errbuf *e)
{
    struct mqtt_target *target;
    struct broker_list brokers;
    enum err err = broker_login_check(&options->login, &brokers, e);

    if (!err)
        err = options_check(options, e);
    if (err)
        return err;
    target = calloc(1, sizeof *target);
    if (!target)
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    mosquitto_lib_init(); /* counts its calls */
    target->brokers = brokers;
    target->keep_alive_s = options->keep_alive_s;
    target->references = 1;
    if (!copy_all(options, target)) {
        mqtt_target_unref(target);
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    }
    *ret = target;
    return OK;
}

struct mqtt_target *mqtt_target_ref(struct mqtt_target *target)
{
    target->references++;
    return target;
}

void mqtt_target_unref(struct mqtt_target *target)
{
    if (!target || --target->references > 0)
        return;
    free(target->client_id);
    free(target->username);
    free(target->password_file);
    free(target->cafile);
    free(target->cert);
    free(target->key);
    free(target);
    mosquitto_lib_cleanup();
}

const struct address *mqtt_target_address(const struct mqtt_target *target)
{
    return &target->brokers.at[target->current];
}
