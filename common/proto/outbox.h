/* outbox.h - what a core wants done: a list of effects, in order, that the driver carries out. Pure.
 *
 * Everything an effect points to is copied into the outbox and lives until outbox_reset. If memory runs out the outbox
 * is `failed` and takes nothing more: a driver must look at it after every step, for then the world no longer matches
 * the core. */
#ifndef SKEP_OUTBOX_H
#define SKEP_OUTBOX_H

#include "arena.h"
#include "wire.h"

enum effect_kind {
    EFFECT_CONNECT,     /* open a connection, with `publish` as its will; none where its topic is NULL */
    EFFECT_RECONNECT,   /* close the connection, which has no will, and open the next one at once */
    EFFECT_DISCONNECT,  /* send DISCONNECT (no will) and close */
    EFFECT_SUBSCRIBE,   /* `subscribe` */
    EFFECT_UNSUBSCRIBE, /* `subscribe.filter` */
    EFFECT_PUBLISH,     /* `publish` */
    EFFECT_NOTICE,      /* `text`: a sentence for the log */
    EFFECT_HTTP_GET,    /* `http_get` */
    EFFECT_EXIT,        /* `code`, `text`: end the process */
};

/* Is answered once, whatever comes of it, by an input with the token. */
struct http_get {
    const char *url;
    uint64_t token;
    ms_t timeout; /* for the whole answer */
};

struct effect {
    enum effect_kind kind;
    union {
        struct publish publish;
        struct subscribe subscribe;
        struct http_get http_get;
        struct {
            int code;
            bool is_rare; /* of a notice: it is never left out of the log */
            struct text text;
        };
    };
    struct effect *next;
};

/* Zero-initialise it. */
struct outbox {
    struct arena arena;
    struct effect *first, *last;
    bool failed;
    uint32_t packet_max; /* of the present link (link_facts); stays over resets */
};

/* Whether the broker takes it. */
bool outbox_fits(const struct outbox *outbox, const struct publish *publish);

void outbox_clear(struct outbox *outbox);
void outbox_reset(struct outbox *outbox); /* forget the effects */

void outbox_publish(struct outbox *outbox, const struct publish *publish);
void outbox_connect(struct outbox *outbox, const struct publish *will); /* NULL = none */
void outbox_reconnect(struct outbox *outbox);
void outbox_disconnect(struct outbox *outbox);
void outbox_subscribe(struct outbox *outbox, const struct subscribe *subscribe);
void outbox_unsubscribe(struct outbox *outbox, const char *filter);
void outbox_notice(struct outbox *outbox, const char *format, ...) PRINTF_LIKE(2, 3); /* of many, some are logged */
void outbox_notice_always(struct outbox *outbox, const char *format, ...) PRINTF_LIKE(2, 3);
void outbox_http_get(struct outbox *outbox, const char *url, uint64_t token, ms_t timeout);
void outbox_exit(struct outbox *outbox, int code, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
