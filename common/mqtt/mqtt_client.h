/* mqtt_client.h - the one MQTT 5 client of the tree, over libmosquitto, without a loop. Moves bytes, knows no messages.
 *
 * Its owner polls one descriptor and one deadline:
 *
 *     fd = mqtt_client_fd(client, &events);                 -1: none
 *     poll(..., mqtt_client_deadline(client) - now);
 *     mqtt_client_turn(client, clock_mono());
 *
 * Nothing blocks: names are looked up on a thread of their own (resolver.h). A round tries every address of every
 * broker of the list in order. An attempt may take 2 s until TCP is connected, and 10 s (`connack_timeout`), counted
 * from its start too, until CONNACK. If it fails after TCP was connected, the round is over, since a CONNECT may have
 * been sent, and the next round goes on with the address behind it. After a connection was lost, a round begins with
 * the first address; after mqtt_client_renew, with the one that was up. An attempt that is given up is closed, so that
 * nothing of it can complete later, and each attempt has a libmosquitto client of its own, so that nothing (queued or
 * unacknowledged publishes, state of TLS) reaches the next one.
 *
 * Writing to a connection that the broker has closed raises SIGPIPE: the owner ignores it, or blocks it in this thread.
 * While offline nothing is queued. All calls from one thread; events come from mqtt_client_turn and
 * mqtt_client_drain only, and may call everything here but those two, mqtt_client_free and mqtt_client_close. */
#ifndef SKEP_MQTT_CLIENT_H
#define SKEP_MQTT_CLIENT_H

#include "mqtt_events.h"

struct mqtt_client;

/* Reads no file, connects nothing. `options` and `events` are copied. ERR_RANGE for an id or a keep alive that cannot
 * be, ERR_NOMEM, or the errors of broker_login_check, with a sentence. */
enum err mqtt_client_new(const struct mqtt_options *options, const struct mqtt_events *events, void *user,
                         struct mqtt_client **ret, struct errbuf *e);

/* Closes without DISCONNECT: the broker publishes the will. NULL is fine. */
void mqtt_client_free(struct mqtt_client *client);
DEFINE_AUTO_FREE(mqtt_client)

/* Begins a round in the next turn, unless one runs or the connection is up. Answered by `up` or `failed`. */
void mqtt_client_connect(struct mqtt_client *client);

int mqtt_client_fd(const struct mqtt_client *client, short *ret_events); /* events of poll; -1: none */
/* Another number: mqtt_client_fd is another descriptor, though it may have the same number. */
unsigned mqtt_client_epoch(const struct mqtt_client *client);
ms_t mqtt_client_deadline(const struct mqtt_client *client); /* monotonic; in the past: at once */
void mqtt_client_turn(struct mqtt_client *client, ms_t now);

/* The descriptor was reported readable: the next turn reads it without asking again, which saves a system call. */
void mqtt_client_readable(struct mqtt_client *client);

/* An address of the list is left: a round that has failed goes on with it. False: the next one begins anew. */
bool mqtt_client_has_more(const struct mqtt_client *client);

bool mqtt_client_is_up(const struct mqtt_client *client);

/* The latest burst ended at its limit: more has arrived than was read. */
bool mqtt_client_is_behind(const struct mqtt_client *client);

/* Reads what has arrived and hands it over: for an owner that must not judge before. True: nothing is left, or there is
 * no connection; false: a burst ended at its limit, and the next turn goes on reading. */
bool mqtt_client_drain(struct mqtt_client *client);

/* Ends the connection without DISCONNECT; `down` comes with the next turn. An attempt fails. */
void mqtt_client_drop(struct mqtt_client *client, const char *why);

/* As mqtt_client_drop, to connect to the same address again. */
void mqtt_client_renew(struct mqtt_client *client);

/* Closes whatever there is, without DISCONNECT and without an event. Not from an event. */
void mqtt_client_close(struct mqtt_client *client);

/* Sends DISCONNECT; `done` (may be NULL) is called from a turn, once the socket is closed or after 1 s. Publish and
 * await its acknowledgement before. mqtt_client_connect begins anew. */
void mqtt_client_stop(struct mqtt_client *client, void (*done)(void *user));
bool mqtt_client_is_stopped(const struct mqtt_client *client);

/* ERR_UNREACHABLE while offline, ERR_NOMEM, ERR_IO, ERR_TOPIC for a bad topic or filter, ERR_TOO_LARGE beyond what the
 * broker accepts, ERR_REFUSED for a QoS that it does not offer, ERR_FULL: too many acknowledgements are awaited. */
enum err mqtt_client_publish(struct mqtt_client *client, const struct publish *publish);
/* Bytes of publishes that the broker has not acknowledged yet: what libmosquitto keeps, whose queue has no bound. */
size_t mqtt_client_awaited(const struct mqtt_client *client);
/* What such a publish comes to where no link would take it: the reason code of its failed PUBACK, MQTT_TOO_LARGE or
 * MQTT_BAD_TOPIC. 0: another link may. */
uint8_t mqtt_client_unsendable(enum err err);
enum err mqtt_client_subscribe(struct mqtt_client *client, const struct subscribe *subscribe);
enum err mqtt_client_unsubscribe(struct mqtt_client *client, const char *filter);

#endif
