/* daemon_node.h - the process of a daemon: a node whose link is as common/daemon/broker_link.c makes it.
 *
 * Between the core and the client stands the send queue; a link that is lost, or does not come about, is tried again by
 * the common backoff. The host steps its core when it is told of something, then has the effects carried out. */
#ifndef SIM_DAEMON_NODE_H
#define SIM_DAEMON_NODE_H

#include "backoff.h"
#include "send_queue.h"
#include "topic.h"
#include "words.h"
#include "world.h"

/* A host's struct begins with it. */
struct daemon_node {
    struct node node;
    const struct daemon_events *events;
    char client_id[CLIENT_ID_SIZE];
    struct outbox outbox; /* of the core */
    struct send_queue queue;
    struct backoff backoff;
    unsigned connection; /* counts the CONNECTs of this process that have a will */
    bool is_renewed;     /* the link ends because its core wants another */
    ms_t connect_at;     /* MS_NEVER = not by itself */
    ms_t up_at;
    bool ended; /* the process goes when it has done what is due */
};

/* `user` is the daemon. None may be NULL, but `packet`. */
struct daemon_events {
    ms_t (*deadline)(const void *user); /* of the core */
    void (*tick)(void *user);           /* it has come */
    void (*connecting)(void *user);     /* answered by carrying out one EFFECT_CONNECT */
    void (*up)(void *user);
    void (*down)(void *user, const char *why);
    void (*failed)(void *user); /* may be NULL */
    void (*packet)(void *user); /* as in client.h */
    void (*message)(void *user, const struct publish *publish);
    void (*acked)(void *user, uint64_t token, uint8_t reason); /* tokens of the core's own */
    void (*subscribed)(void *user, uint64_t token, uint8_t reason);
    void (*effect)(void *user, const struct effect *effect); /* about to be carried out; events and notices are not */
};

/* The daemon's id: option id, by default the node's name. Lives as long as the world. */
const char *daemon_id(const struct daemon_node *daemon, const struct words *options);

/* Draws the process's client id. */
void daemon_client_id(struct daemon_node *daemon, const char *id, void (*address_write)(const char *id, char *ret));

/* The process starts, and connects at once. Options: keep-alive (by default as given), reconnect-max. */
void daemon_start(struct daemon_node *daemon, const struct daemon_events *events, const struct words *options,
                  ms_t keep_alive);

/* Carries out the effects, and empties the outbox. */
void daemon_carry_out(struct daemon_node *daemon);

/* For a signal to the process, outside of its turns. */
void daemon_go_if_ended(struct daemon_node *daemon);

/* For the node_kind; a host's `clear` frees its core and calls daemon_clear. */
ms_t daemon_deadline(const struct node *node);
void daemon_turn(struct node *node);
void daemon_clear(struct daemon_node *daemon);

#endif
