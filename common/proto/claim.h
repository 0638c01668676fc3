/* claim.h - who holds an id that only one process may have: a queen's or a hive's (docs/semantics.md, Identity). Pure.
 *
 * One that starts takes nothing from one that runs: it reads the stored presence of its id and requests `health` from
 * the holder before it takes the id. Of two that run, the one that has held it for less time ends; of two born within
 * a second of each other, the one with the greater session. One that cannot tell yet stays, and requests once more. */
#ifndef SKEP_CLAIM_H
#define SKEP_CLAIM_H

#include "msg.h"
#include "requester.h"

enum claim_verdict {
    CLAIM_OPEN, /* nothing is decided */
    CLAIM_FREE, /* the check is over: the id may be taken */
    CLAIM_KEPT, /* somebody else uses it, and ends: to be published again */
    CLAIM_LOST, /* somebody else holds it: end, `why` says why */
};

/* The other one, as its presence shows it. */
struct holder {
    uint64_t session; /* 0 = an older version's */
    int64_t connection;
    bool online;
    char host[64]; /* printable */
    int64_t pid;   /* INT_ABSENT = unknown */
};

struct claim_options {
    const char *noun, *id; /* "queen" or "hive", and which; borrowed for the identity's life, as are the topics */
    const char *health_topic, *presence_topic, *reply_topic;
    uint64_t session;
    struct siphash_key key; /* of its correlations, and of nothing else */
    uint8_t tag;            /* of its tokens */
    ms_t keep_alive;
};

struct claim {
    struct claim_options own;
    ms_t hold; /* after which a silent holder is gone: its keep alive times 1.5, and the broker's delay */
    struct requester requester;
    struct pending pending;
    struct holder holder;
    bool checking;
    unsigned tries;
    ms_t next_at;        /* asked again, or free if `silent`; MS_NEVER */
    bool silent;         /* the broker took the request, and nobody answers: free at `next_at` */
    bool reborn;         /* a birth came while the request was open: it may have been too early */
    uint64_t doubted;    /* the session whose first answer left it open which of two ends; 0 = none */
    ms_t held_since;     /* monotonic, of the first birth; MS_NEVER = not yet */
    ms_t requested_held; /* one's own held_ms when the other one was asked */
    char why[TOPIC_SIZE + 512];
};

void claim_init(struct claim *claim, const struct claim_options *options);
void claim_clear(struct claim *claim);

/* Begins the check, on a link that reads the presence and the replies already. */
void claim_check(struct claim *claim, ms_t now, struct outbox *outbox);

/* The presence of the id was published, by anybody, or is `stored`. NULL: cleared. */
void claim_seen(struct claim *claim, const struct presence *presence, bool stored, ms_t now, struct outbox *outbox);

enum claim_verdict claim_acked(struct claim *claim, uint64_t token, uint8_t reason, ms_t now, struct outbox *outbox);
enum claim_verdict claim_replied(struct claim *claim, const struct message *message, ms_t now, struct arena *arena);

/* The broker does not let one read the replies (or the presence): as where it does not let one ask. */
enum claim_verdict claim_refused(struct claim *claim, uint8_t reason, struct outbox *outbox);

enum claim_verdict claim_tick(struct claim *claim, ms_t now, struct outbox *outbox);
ms_t claim_deadline(const struct claim *claim);
void claim_link_lost(struct claim *claim); /* a check begins anew on the next link */

/* A reply may still decide something. */
bool claim_is_open(const struct claim *claim);

/* For how long the id is held; 0 before the first birth. */
ms_t claim_held(const struct claim *claim, ms_t now);

#endif
