#include "mqtt_target.h"

#include <stdlib.h>

#include <mosquitto.h>

#define KEEP_ALIVE_MIN 5 /* libmosquitto refuses less */
#define KEEP_ALIVE_MAX 65535

static enum err options_check(const struct mqtt_options *options, const struct mqtt_uri *uri, struct errbuf *e)
{
    if (options->keep_alive_s < KEEP_ALIVE_MIN || options->keep_alive_s > KEEP_ALIVE_MAX)
        return err_set(e, ERR_RANGE, "keep alive of %d s: must be %d to %d s", options->keep_alive_s, KEEP_ALIVE_MIN,
                       KEEP_ALIVE_MAX);
    if (!options->client_id || !*options->client_id)
        return err_set(e, ERR_RANGE, "MQTT client id: must not be empty");
    if (!options->cert != !options->key)
        return err_set(e, ERR_SYNTAX, "TLS: a certificate and its key must be given together");
    if (!uri->tls && (options->cafile || options->cert))
        return err_set(e, ERR_SYNTAX, "TLS files are given, but the broker '%s' is not mqtts://", options->broker);
    return OK;
}

/* Copies a string if there is one; false: out of memory. */
static bool copy(const char *from, char **ret)
{
    return !from || (*ret = strdup(from));
}

static bool copy_all(const struct mqtt_options *options, struct mqtt_target *target)
{
    return copy(options->client_id, &target->client_id) && copy(options->username, &target->username) &&
           copy(options->password_file, &target->password_file) && copy(options->cafile, &target->cafile) &&
           copy(options->cert, &target->cert) && copy(options->key, &target->key);
}

enum err mqtt_target_new(const struct mqtt_options *options, struct mqtt_target **ret, struct errbuf *e)
{
    struct mqtt_target *target;
    struct mqtt_uri uri;
    enum err err = mqtt_uri_parse(options->broker, &uri, e);

    if (!err)
        err = options_check(options, &uri, e);
    if (err)
        return err;
    target = calloc(1, sizeof *target);
    if (!target)
        return err_set(e, ERR_NOMEM, "MQTT client: out of memory");
    mosquitto_lib_init(); /* counts its calls */
    target->uri = uri;
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
