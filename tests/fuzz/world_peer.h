/* world_peer.h - the world opposite to a core: broker, other members and servers. It checks what the core does, keeps
 * what may be answered, and makes of a script's records what the core is told.
 *
 *     C, U, L, D        a CONNECT is made; it is there; it failed; the link is lost
 *     MTOPIC \t RESPONSE-TOPIC \t CORRELATION \n PAYLOAD     a message; S: a stored copy, with an expiry behind that
 *     AN \t REASON      PUBACK or SUBACK of the Nth latest that waits for one, with that reason
 *     RN \n PAYLOAD     a reply to the Nth latest request; %n in it is the request's nonce
 *     EN                the Nth latest message that it published with a token comes back
 *     GN \t STATUS \n BODY     what came of the Nth latest GET over HTTP
 *     B                 all that waits is acknowledged, requests without a subscriber; probes come back; a
 *                       CONNECT succeeds
 *     K                 it is to end
 *
 * A driver's promises are kept: what does not fit the state of the link does not happen. */
#ifndef SKEP_FUZZ_PEER_H
#define SKEP_FUZZ_PEER_H

#include "input.h"
#include "outbox.h"
#include "world_script.h"

#define PEER_OPEN_MAX 64
#define PEER_ROOT "skep/v1"

enum peer_link { PEER_DOWN, PEER_CONNECTING, PEER_UP, PEER_LEFT };

/* What the core did that may be answered. */
struct peer_open {
    enum effect_kind kind; /* PUBLISH, SUBSCRIBE or HTTP_GET */
    uint64_t token;
    struct publish publish; /* owned; of PUBLISH */
    char *copy;
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
};

void peer_clear(struct peer *peer);

/* What a step brought about; the outbox is reset. */
void peer_take(struct peer *peer, struct outbox *outbox);

/* False: the record is none of these. */
bool peer_run(struct peer *peer, const struct script_record *record);

/* `B`. */
void peer_serve(struct peer *peer);

/* All GETs end without an answer. */
void peer_refuse_gets(struct peer *peer);

#endif
