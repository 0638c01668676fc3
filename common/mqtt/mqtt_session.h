/* mqtt_session.h - one attempt to connect to one address and, if it succeeds, the connection: one libmosquitto client.
 * Part of mqtt_client. */
#ifndef SKEP_MQTT_SESSION_H
#define SKEP_MQTT_SESSION_H

#include "mqtt_fault.h"
#include "mqtt_sending.h"
#include "mqtt_setup.h"

struct mqtt_session;

struct mqtt_session_owner {
    const struct mqtt_events *events;           /* will, message, acked, subscribed, packet are called; borrowed */
    void *user;                                 /* of the events */
    void (*up)(void *owner, const char *broker, /* its numeric address with the port; borrowed during the call */
               struct link_facts *facts);       /* without connect_ms; the owner's during the call */
    void *owner;
};

/* Gets the will, reads the files of the login and begins to connect; what fails shows as a session that has ended.
 * NULL: no memory. `options` is borrowed during the call. */
struct mqtt_session *mqtt_session_new(const struct mqtt_options *options, const struct mqtt_peer *peer,
                                      const struct mqtt_session_owner *owner);

/* Closes at once. One that was never up sends DISCONNECT if it can, so that its will is not published. NULL is fine. */
void mqtt_session_free(struct mqtt_session *session);

enum mqtt_stage mqtt_session_stage(const struct mqtt_session *session);
const char *mqtt_session_why(const struct mqtt_session *session); /* it has ended: one sentence; borrowed. Else NULL */
int mqtt_session_fd(const struct mqtt_session *session, short *ret_events);
ms_t mqtt_session_deadline(const struct mqtt_session *session); /* for what was read only in part */

void mqtt_session_readable(struct mqtt_session *session); /* known from a poll, so that the next turn need not ask */
void mqtt_session_turn(struct mqtt_session *session, ms_t now);       /* reads and writes what is possible */
bool mqtt_session_is_behind(const struct mqtt_session *session);      /* as mqtt_client_is_behind */
bool mqtt_session_drain(struct mqtt_session *session);                /* as mqtt_client_drain */
void mqtt_session_time_out(struct mqtt_session *session, ms_t after); /* ends it: no answer in this time */
void mqtt_session_tick(struct mqtt_session *session); /* keep alive; about twice a second while it is up */
void mqtt_session_end(struct mqtt_session *session, const char *format, ...)
    PRINTF_LIKE(2, 3);                                      /* nothing is read or written any more */
void mqtt_session_disconnect(struct mqtt_session *session); /* DISCONNECT; it ends when that is written */

struct mqtt_sending *mqtt_session_sending(struct mqtt_session *session); /* to publish and subscribe while it is up */

#endif
