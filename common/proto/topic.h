/* topic.h - the topic tree: text <-> structure. Table in docs/protocol.md. Pure, no allocation. */
#ifndef SKEP_TOPIC_H
#define SKEP_TOPIC_H

#include "name.h"

#define TOPIC_SIZE 512 /* longest topic with its terminator: root 128 + four names */
#define TOPIC_ROOT_MAX 128
#define TOPIC_ROOT_DEFAULT "skep/v1"

/* X(symbol, pattern below the tree, in the request tree?)
 * In a pattern {h} {w} {q} {m} {c} stand for a hive, worker, queen, method and client id. */
#define TOPICS(X)                                               \
    X(WORKER_HEARTBEAT, "hive/{h}/worker/{w}/heartbeat", false) \
    X(WORKER_PRESENCE, "hive/{h}/worker/{w}/presence", false)   \
    X(WORKER_WITNESS, "hive/{h}/worker/{w}/witness", false)     \
    X(HIVE_HEARTBEAT, "hive/{h}/heartbeat", false)              \
    X(HIVE_PRESENCE, "hive/{h}/presence", false)                \
    X(QUEEN_PRESENCE, "queen/{q}/presence", false)              \
    X(VERDICT, "queen/{q}/verdict/{h}/{w}", false)              \
    X(HIVE_VERDICT, "queen/{q}/hive-verdict/{h}", false)        \
    X(QUEEN_SINCE, "queen/{q}/since", false)                    \
    X(EVENT, "queen/{q}/event", false)                          \
    X(WORKER_REQUEST, "hive/{h}/worker/{w}/{m}", true)          \
    X(HIVE_REQUEST, "hive/{h}/{m}", true)                       \
    X(QUEEN_REQUEST, "queen/{q}/{m}", true)                     \
    X(REPLY, "reply/{c}", true)

#define X(symbol, pattern, request) TOPIC_##symbol,
enum topic_kind { TOPICS(X) TOPIC_KIND_COUNT };
#undef X
#define TOPIC_PARTS 5

/* Parts that the kind does not have are absent (at == NULL). For building a filter a part may be "+". A client id in a
 * reply topic may contain ':' and is at most 256 bytes without '/', '+', '#'. */
struct topic {
    enum topic_kind kind;
    union {
        struct text parts[TOPIC_PARTS];
        struct {
            struct text hive, worker, queen, method, client;
        };
    };
};

/* Root: one or more levels of id characters, at most TOPIC_ROOT_MAX bytes, no wildcards. ERR_TOPIC. */
enum err topic_root_check(struct text root, struct errbuf *e);

/* Parts of *ret are borrowed from `text`. ERR_TOPIC: not ours, or no such kind; ERR_ID: a part is no valid id. */
enum err topic_parse(const char *root, struct text text, struct topic *ret);

/* Writes the topic (or filter), terminated. ERR_TOPIC when it does not fit or a part is missing; ERR_ID when one is
 * neither valid nor "+". */
enum err topic_build(const char *root, const struct topic *topic, char ret[TOPIC_SIZE]);

/* True if `topic` may be answered: it is a TOPIC_REPLY, exactly one level below `ROOT-rpc/reply/`. A broker ends the
 * link of whoever publishes below more levels than it takes. */
bool topic_is_reply(const char *root, struct text topic);

/* "skep:w:<h>:<w>", "skep:h:<h>", "skep:q:<q>": where replies are received, below ROOT-rpc/reply/. The names that the
 * member does not have are NULL. */
#define ADDRESS_SIZE (16 + 2 * NAME_SIZE)
void address_of(const char *hive, const char *worker, const char *queen, char ret[ADDRESS_SIZE]);

/* The address, and 16 hexadecimal digits that are drawn once per process and published nowhere: the process takes its
 * own session over when it connects anew, and nobody else can. Below another root than the default "@<root>" follows,
 * with ':' for '/'. */
#define CLIENT_ID_SIZE (24 + ADDRESS_SIZE + TOPIC_ROOT_MAX)
void client_id_of(const char *root, const char *address, uint64_t random, char ret[CLIENT_ID_SIZE]);

#endif
