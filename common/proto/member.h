/* member.h - a process's own presence: will, birth, healing, goodbye, and who else uses its id. For workers, hives and
 * queens. Pure.
 *
 * A member has the same inputs as its core, and answers those that concern its link and its presence. Its core hands
 * over the messages on its own presence topic, and on its reply topic what is no reply to a request of the core's.
 *
 *     worker          CONNECT with a will -> subscriptions, birth -> MEMBER_BORN
 *     hive, queen     CONNECT without a will -> who holds the id (claim.h)? -> nobody: CONNECT as above
 *                                                                          -> somebody: MEMBER_REFUSED
 *
 * The CONNECT with a will goes to the broker that was asked. If it fails there, the next attempt may reach another one,
 * which is asked first.
 *
 * A birth expires at the broker after `retain_s` and is published again at half of that; deaths do not expire. It is
 * also published again where the acknowledgements show that the link has become another one than it declares.
 *
 * A death that is not of the present session and connection, or an empty message: the birth is published again, once a
 * second at most (MEMBER_HEALED). */
#ifndef SKEP_MEMBER_H
#define SKEP_MEMBER_H

#include "claim.h"
#include "input.h"
#include "link_speed.h"
#include "member_topics.h"

#define MEMBER_HEAL_EVERY_MS 1000 /* between two healings at the least */
#define MEMBER_GOODBYE_MS 1000    /* the longest wait for the acknowledgement of a goodbye */

#define MEMBER_RETAIN_S 86400 /* brokers drop the ghosts of machines that never come back */

enum member_event {
    MEMBER_NOTHING,
    MEMBER_BORN,    /* the link is up and the birth under way: what else there is to publish follows now */
    MEMBER_HEALED,  /* the birth was published again */
    MEMBER_REFUSED, /* another process holds the id (claim.why): the link is closed already, without a word */
    MEMBER_LEFT,    /* the goodbye was acknowledged, or its time is over: to be disconnected */
};

struct member_options {
    enum member_role role;
    const char *root, *hive, *worker, *queen; /* borrowed for the member's life; those of its role */
    uint64_t session;                         /* not 0 */
    int64_t retain_s;                         /* message expiry of its births; 0 = MEMBER_RETAIN_S */
    struct siphash_key key;                   /* hives and queens: of correlations, and of nothing else */
    ms_t keep_alive;                          /* hives and queens */
};

struct member {
    struct member_topics topics;
    struct presence self; /* what it says: what is for people is the core's to keep up; borrowed */
    char address[ADDRESS_SIZE];
    char presence_topic[TOPIC_SIZE], health_topic[TOPIC_SIZE], reply_topic[TOPIC_SIZE];
    struct claim claim; /* of hives and queens */

    bool checking;       /* the present link is only to find out who holds the id */
    bool is_free;        /* ... and nobody does: the next attempt takes it */
    bool is_connected;   /* the link is up, be it to find out only */
    bool linked;         /* born on the present link */
    bool is_online;      /* ... and the birth was acknowledged */
    bool rpc_subscribed; /* the broker hands requests on */
    bool is_deaf;        /* ... or refuses to */
    struct link_speed speed;
    ms_t birth_sent, beat_sent; /* the one whose acknowledgement is timed; MS_NEVER = none */
    unsigned unacked;           /* heartbeats without PUBACK on this link */
    ms_t again_at;              /* when the birth is published again, before it expires */
    ms_t heal_at;               /* MS_NEVER = nothing to heal */
    ms_t healed_at;             /* the latest healing; MS_NEVER = never */
    ms_t leave_by;              /* MS_NEVER = it does not leave, or has left */
    bool goodbye_acked;         /* what became of the goodbye */
    bool goodbye_refused;       /* ... then the will must speak */
    uint64_t ignored;           /* presences that could not be read */
    struct buf scratch;
};

/* ERR_TOPIC. Afterwards `self` holds ids and session, and nothing for people. */
enum err member_init(struct member *member, const struct member_options *options);
void member_clear(struct member *member);

/* Every input of the core but its messages. */
enum member_event member_step(struct member *member, const struct input *input, struct outbox *outbox);

/* What time alone brings about, of which INPUT_TICK is the usual occasion: only the time of `input` counts. */
enum member_event member_tick(struct member *member, const struct input *input, struct outbox *outbox);

/* The core publishes a heartbeat, with the token MEMBER_TOKEN_BEAT, at `now`. */
void member_beat(struct member *member, ms_t now);

/* A message on the own presence topic, or on the reply topic. */
void member_presence(struct member *member, const struct input *input, struct arena *arena, struct outbox *outbox);
enum member_event member_reply(struct member *member, const struct input *input, struct arena *arena,
                               struct outbox *outbox);

/* Ends all subscriptions of its own: what still comes to one that is about to leave would be unread when the socket is
 * closed, and resets the connection instead of ending it. */
void member_unsubscribe(struct member *member, struct outbox *outbox);

/* Publishes the goodbye: `offline`, or with an `exit` the crash of the watched program. Its time ends at `until`, one
 * second from now at the latest. Without a link nothing is published: to be called again after MEMBER_BORN. */
void member_leave(struct member *member, const struct exit_info *exit, ms_t until, const struct input *input,
                  struct outbox *outbox);

ms_t member_deadline(const struct member *member);

#endif
