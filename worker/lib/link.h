/* link.h - one MQTT 5 link at a time, over libmosquitto, without threads of its own but for the blocking part of
 * connecting. Moves bytes, knows no messages. All calls from one thread; its owner polls the descriptor and the clock:
 *
 *     fd = link_poll_fd(link, &events); timeout = link_deadline(link) - now; poll(...); link_turn(link, now);
 *
 * The events are called from link_turn and must not call link_*. Every link_connect is answered by `up` or `failed`,
 * and every `up` by `down`, unless link_disconnect or link_drop ended it. */
#ifndef SKEP_LINK_H
#define SKEP_LINK_H

#include "broker_login.h"
#include "outbox.h"

struct link;

struct link_options { /* borrowed as long as the link lives; NULL = none */
    struct broker_list brokers;
    struct broker_login login;
    const char *client_id;
    int keep_alive_s;
    int wake_fd; /* an eventfd that ends the owner's poll */
};

struct link_events { /* everything is borrowed during the call */
    void (*up)(void *user);
    void (*failed)(void *user, const char *why);
    void (*down)(void *user, const char *why);
    void (*message)(void *user, const struct message *message);
    void (*acked)(void *user, uint64_t token, uint8_t reason);
    void (*subscribed)(void *user, uint64_t token, uint8_t reason);
};

struct link *link_new(const struct link_options *options, const struct link_events *events, void *user);
void link_free(struct link *link);

/* Each connect is a new MQTT client: libmosquitto would send unacknowledged messages of the last link again, also over
 * a clean session, and an old birth would overwrite the new one. */
void link_connect(struct link *link, const struct publish *will, ms_t now);
void link_publish(struct link *link, const struct publish *publish);
void link_subscribe(struct link *link, const struct subscribe *subscribe);
void link_unsubscribe(struct link *link, const char *filter);

void link_disconnect(struct link *link); /* DISCONNECT, waits for the socket 200 ms at most, closes */
void link_drop(struct link *link);       /* closes without a word: the broker publishes the will */

int link_poll_fd(const struct link *link, short *ret_events); /* -1: none */
ms_t link_deadline(const struct link *link);
void link_turn(struct link *link, ms_t now);

#endif
