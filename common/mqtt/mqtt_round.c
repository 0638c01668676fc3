#include "mqtt_round.h"

#include <netdb.h>

void mqtt_round_restart(struct mqtt_round *round)
{
    round->broker = round->address = round->resolved.count = 0;
}

void mqtt_round_stop(struct mqtt_round *round)
{
    resolver_free(round->resolver);
    round->resolver = NULL;
}

bool mqtt_round_has_more(const struct mqtt_round *round)
{
    return round->broker < round->brokers.count || round->address < round->resolved.count;
}

enum mqtt_round_step mqtt_round_next(struct mqtt_round *round, struct errbuf *e)
{
    while (round->address == round->resolved.count && round->broker < round->brokers.count) {
        const char *host = round->brokers.at[round->broker++].host;
        round->address = round->resolved.count = 0;
        if (resolver_is_numeric(host, &round->resolved))
            continue;
        if (resolver_start(host, &round->resolver, e) == OK)
            return MQTT_ROUND_RESOLVE;
    }
    return round->address < round->resolved.count ? MQTT_ROUND_ADDRESS : MQTT_ROUND_OVER;
}

bool mqtt_round_resolve(struct mqtt_round *round, bool late, struct errbuf *e)
{
    const char *host = round->brokers.at[round->broker - 1].host;
    int fault = 0;
    if (resolver_take(round->resolver, &round->resolved, &fault)) {
        if (fault != 0)
            (void)err_set(e, OK, "cannot resolve '%s': %s", host, gai_strerror(fault));
        return true;
    }
    if (late)
        (void)err_set(e, OK, "cannot resolve '%s': no answer in %d s", host, MQTT_RESOLVE_TIMEOUT_MS / 1000);
    return late;
}

struct mqtt_peer mqtt_round_take(struct mqtt_round *round)
{
    return (struct mqtt_peer){ .broker = &round->brokers.at[round->broker - 1],
                               .numeric = round->resolved.at[round->address++],
                               .tls = round->brokers.tls };
}

void mqtt_round_put_back(struct mqtt_round *round)
{
    round->address--;
}
