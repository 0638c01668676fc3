/* world_peer.h - the world opposite to a core: broker, other members and servers. It checks what the core does, keeps
 * what may be answered, and makes of a script's records what the core is told.
 *
 *     C, L, D           a CONNECT is made; it failed; the link is lost, and the will is published (D1: it is not)
 *     U1000 \t 10 \t 300 \t 7     it is there: what the broker takes (bytes, messages), ms, a bit for each lack
 *     MTOPIC \t RESPONSE-TOPIC \t CORRELATION \t EXPIRY \n PAYLOAD     a message; S: a stored copy
 *     AN \t REASON      PUBACK or SUBACK of the Nth latest that waits for one, with that reason
 *     RN \n PAYLOAD     a reply to the Nth latest request; %n in it is the request's nonce
 *     EN                the Nth latest message that it published with a token comes back
 *     GN \t STATUS \n BODY     what came of the Nth latest GET over HTTP
 *     B                 all that waits is acknowledged, requests without a subscriber; probes come back; a
 *                       CONNECT succeeds
 *     K                 it is to end
 *
 * A driver's promises are kept: what does not fit the state of the link does not happen. The broker stores what members
 * of a fleet publish retained, also while the core has no link, and hands it over where a subscription is acknowledged.
 */
#ifndef SKEP_FUZZ_PEER_H
#define SKEP_FUZZ_PEER_H

#include "input.h"
#include "outbox.h"
#include "retained.h"
#include "world_script.h"

#define PEER_OPEN_MAX 64
#define PEER_ROOT "skep/v1"

enum peer_link { PEER_DOWN, PEER_CONNECTING, PEER_UP, PEER_LEFT };

/* What the core did that may be answered. */
struct peer_open {
    enum effect_kind kind; /* PUBLISH, SUBSCRIBE or HTTP_GET */
    uint64_t token;
    struct publish publish; /* owned; of PUBLISH */
    char *copy;             /* ... or the filter of SUBSCRIBE */
    bool takes_stored;      /* of SUBSCRIBE */
};

struct peer {
    void (*step)(void *user, struct input *input); /* without the time */
    void *user;
    bool connects_itself; /* the core decides when to connect, as a worker does */
    enum peer_link link;
    bool renews;    /* EFFECT_RECONNECT: to be carried out */
    bool has_ended; /* EFFECT_EXIT */
    int exit_code;
    struct peer_open open[PEER_OPEN_MAX]; /* oldest first */
    size_t open_count;
    const char *own_reply_topic;
    uint64_t published;
    ms_t now;           /* the target's */
    struct arena arena; /* of what the broker has */
    struct packet_pool packets;
    struct retained_store stored;
    struct packet *will; /* of the present link; NULL = none */
};

/* Before all else, in its place. */
void peer_init(struct peer *peer, void (*step)(void *user, struct input *input), void *user);

void peer_clear(struct peer *peer);

/* What a step brought about; the outbox is reset. */
void peer_take(struct peer *peer, struct outbox *outbox);

/* False: the record is none of these. */
bool peer_run(struct peer *peer, const struct script_record *record);

/* `B`. False: nothing waited. */
bool peer_serve(struct peer *peer);

/* The core's process has ended, however it did: another one takes its place. */
void peer_restart(struct peer *peer);

/* All GETs end without an answer. */
void peer_refuse_gets(struct peer *peer);

#endif
