#include "mqtt_options.h"

#define KEEP_ALIVE_MIN 5 /* libmosquitto refuses less */
#define KEEP_ALIVE_MAX 65535
#define RECEIVE_MAX (64 * 1024) /* our broker takes no larger ones, and nothing larger is read */
#define CONNACK_TIMEOUT_MS 10000

static enum err check_options(const struct mqtt_options *options, struct errbuf *e)
{
    if (options->keep_alive_s < KEEP_ALIVE_MIN || options->keep_alive_s > KEEP_ALIVE_MAX)
        return err_set(e, ERR_RANGE, "keep alive of %d s: must be %d to %d s", options->keep_alive_s, KEEP_ALIVE_MIN,
                       KEEP_ALIVE_MAX);
    if (!options->client_id || !*options->client_id)
        return err_set(e, ERR_RANGE, "MQTT client id: must not be empty");
    return OK;
}

/* Replaces borrowed text by copies. False: out of memory. */
static bool keep_options(struct mqtt_options *options, struct arena *arena)
{
    const char **texts[] = { &options->client_id,          &options->login.broker, &options->login.username,
                             &options->login.cafile,       &options->login.cert,   &options->login.key,
                             &options->login.password_file };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (*texts[i] && !(*texts[i] = arena_copy(arena, text_of(*texts[i]))))
            return false;
    return true;
}

enum err mqtt_options_take(const struct mqtt_options *options, struct arena *arena, struct mqtt_options *ret,
                           struct broker_list *ret_brokers, struct errbuf *e)
{
    enum err err;
    if ((err = broker_login_check(&options->login, ret_brokers, e)) != OK || (err = check_options(options, e)) != OK)
        return err;
    *ret = *options;
    if (ret->receive_max == 0)
        ret->receive_max = RECEIVE_MAX;
    if (ret->connack_timeout == 0)
        ret->connack_timeout = CONNACK_TIMEOUT_MS;
    return keep_options(ret, arena) ? OK : err_set(e, ERR_NOMEM, "MQTT client: out of memory");
}
