/* mqtt_reading.h - how much of what has come is read in a turn, and when the next one reads. Part of mqtt_session. */
#ifndef SKEP_MQTT_READING_H
#define SKEP_MQTT_READING_H

#include "mqtt_pace.h"

struct mosquitto;

struct mqtt_reading {
    struct mosquitto *mosquitto; /* borrowed */
    bool tls;
    bool readable;   /* as its owner's poll said; the owner takes it back after a burst */
    bool cut;        /* the latest burst ended at its limit: more may be there */
    unsigned handed; /* callbacks since the burst began: they count themselves */
    size_t weight;   /* cost of what came since the clocks were looked at */
    struct mqtt_pace pace;
    ms_t received_at; /* the latest packet but for PINGRESP */
};

/* There is something to read, or it has waited for more: then nobody asks. */
bool mqtt_reading_is_due(struct mqtt_reading *reading);

/* Has libmosquitto read until nothing more comes, *ended (borrowed), or the limit of a turn. Its fault, with errno as
 * it was then in *ret_number; MOSQ_ERR_SUCCESS. */
int mqtt_reading_burst(struct mqtt_reading *reading, const bool *ended, int *ret_number);

/* For the callback of a message, at its end: what it has cost. Sets errno, which libmosquitto reads, so that it handles
 * no more packets in this call, if the clocks are to be looked at. */
void mqtt_reading_weigh(struct mqtt_reading *reading, size_t cost);

/* After a burst: decides when the next one is due. Something of ours was last sent at `sent_at`, monotonic. */
void mqtt_reading_pace(struct mqtt_reading *reading, ms_t sent_at);

#endif
