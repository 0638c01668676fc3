/* fake_broker.h - an MQTT broker without sockets, clock and threads, that behaves as mosquitto 2.0 does where it
 * matters here (test_conformance.c runs the same scripts against a real one):
 *
 *   a link that closes without DISCONNECT publishes its will at once, one that is silent after 1.5 x keep alive;
 *   a CONNECT with a client id in use ends the older link, and its will is published;
 *   SIGTERM publishes the wills of all, keeps what is retained and then closes the links; SIGKILL does neither, and
 * what is retained goes back to the last save; a QoS 1 publish that no subscription takes is acknowledged with 0x10
 * (one with No Local counts); each matching subscription of a session gets its own copy; only stored copies have
 * `retain`; with a queue limit, what a SUBSCRIBE finds stored is cut there without a word, and if that waits behind
 * the copies of an earlier SUBSCRIBE, the session gets nothing more until it subscribes again with nothing to wait for
 * (real: once the socket is full); with a limit on messages, what is too much of that is dropped
 * (real: beyond what the sockets hold), and $SYS says how much was dropped, every so often. */
#ifndef SIM_FAKE_BROKER_H
#define SIM_FAKE_BROKER_H

#include "filter_tree.h"
#include "network.h"
#include "retained.h"
#include "trace.h"

#define BROKER_NO_SUBSCRIBER 0x10

/* So many of a hundred messages with this in their topic are lost on their way to a subscriber. */
struct broker_loss {
    const char *part;
    unsigned percent;
};

/* A node of a cluster, which is one broker: whoever connected there is gone with it, and has published no will. */
struct door {
    const char *name; /* borrowed */
    bool is_lost;
};

#define BROKER_DOORS_MAX 8

struct fake_broker {
    struct network *network;
    struct trace *trace;      /* NULL = silent */
    const char *name;         /* in the trace; borrowed */
    struct fake_broker *next; /* of its world */
    struct door doors[BROKER_DOORS_MAX];
    size_t door_count; /* 0 = it is no cluster */
    bool running;
    size_t queue_bytes;     /* max_queued_bytes, at QoS 0; 0 = no limit */
    size_t queue_messages;  /* max_queued_messages, at QoS 0, of those unread; 0 = no limit */
    size_t retained_limit;  /* copies that one SUBSCRIBE brings (ejabberd); 0 = no limit */
    unsigned loses_subacks; /* the next ones are not sent */
    ms_t sys_every, sys_at; /* sys_interval; 0 = it publishes nothing there */
    uint64_t dropped, published, dropped_said;
    uint32_t expiry_cap; /* s, of every message; 0 = none */
    struct broker_loss losses[4];
    size_t loss_count;
    int64_t duplicates; /* percent of live messages at QoS 1 that are delivered twice */
    int64_t reorders;   /* ... of those to others that are overtaken by messages of other topics, as in a cluster */
    struct port port;
    struct session *sessions; /* uthash by client id, in the order of their CONNECT */
    struct agenda silences;   /* when who is silent for too long */
    struct filter_tree filters;
    struct matches {
        struct subscription **at;
        size_t len, size;
    } matches; /* of the message that is being routed */
    uint64_t subscribed;
    struct retained_store stored, saved;
};

/* It runs. */
void fake_broker_init(struct fake_broker *broker, struct network *network, struct trace *trace, const char *name);
void fake_broker_clear(struct fake_broker *broker);

/* A TCP connection; NULL = refused, nobody listens. `door`: of a cluster. */
struct wire *fake_broker_accept(struct fake_broker *broker, const struct door *door);

/* The node is lost: its process is killed, or its host, of which clients learn nothing. */
void fake_broker_lose(struct fake_broker *broker, struct door *door, bool silently);

/* Handles what has arrived by now, and who was silent for too long. And when that is next. */
void fake_broker_turn(struct fake_broker *broker);
ms_t fake_broker_deadline(const struct fake_broker *broker);

void fake_broker_save(struct fake_broker *broker); /* autosave */
void fake_broker_stop(struct fake_broker *broker); /* SIGTERM */
void fake_broker_kill(struct fake_broker *broker); /* SIGKILL */
void fake_broker_start(struct fake_broker *broker);

/* True if a session with that client id is connected. */
bool fake_broker_has(const struct fake_broker *broker, const char *client_id);

#endif
