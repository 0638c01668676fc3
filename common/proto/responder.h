/* responder.h - the server half of requests over MQTT: which ones are answered, and how. Pure.
 *
 *     static const struct method methods[] = { { "health", answer_health } };
 *     static const struct responder responder = { methods, ARRAY_LEN(methods) };
 *     if (!responder_answer(&responder, self, &limit, &(struct request){ root, method, message, now }, outbox))
 *         self->ignored++;
 *
 * Every answered request gets one reply: its method writes the result, or calls reply_error, or keeps a copy of the
 * `asker` and replies later. */
#ifndef SKEP_RESPONDER_H
#define SKEP_RESPONDER_H

#include "buf.h"
#include "outbox.h"
#include "query.h"
#include "request_limit.h"
#include "topic.h"

#define ASKER_CORRELATION_MAX 128         /* bytes; requests with more are not answered */
#define RESPONDER_REPLY_MAX (1024 * 1024) /* bytes of a result; beyond it the reply is `too_large` */

/* X(symbol, name) */
#define REQUEST_ERRORS(X)       \
    X(BAD_PARAMS, "bad_params") \
    X(NOT_FOUND, "not_found")   \
    X(AMBIGUOUS, "ambiguous")   \
    X(BUSY, "busy")             \
    X(TOO_LARGE, "too_large")   \
    X(NO_METHOD, "no_method")   \
    X(NOT_READY, "not_ready")   \
    X(INTERNAL, "internal")

#define X(symbol, name) REQUEST_##symbol,
enum request_error { REQUEST_ERRORS(X) REQUEST_ERROR_COUNT };
#undef X

const char *request_error_name(enum request_error error);

/* Where the reply to a request goes. Plain data: copy it to answer later. */
struct asker {
    char topic[TOPIC_SIZE];
    bool is_queen;          /* the topic is one of a queen's */
    size_t correlation_len; /* 0 = none */
    unsigned char correlation[ASKER_CORRELATION_MAX];
};

/* What a method works with, all of it borrowed during the call. */
struct call {
    const struct asker *asker;
    const struct query *params; /* those that are not null */
    struct buf *result;         /* empty: for one JSON value, which is then the reply */
    struct outbox *outbox;
    uint32_t expiry_s; /* of the request: how long its reply is waited for; 0 = unknown */
};

struct method {
    const char *name;
    void (*answer)(void *self, const struct call *call);
};

struct responder {
    const struct method *methods;
    size_t method_count;
};

struct request {
    const char *root;
    struct text method; /* of the message's topic */
    const struct message *message;
    ms_t now; /* monotonic */
};

/* False: count it, for no answer is allowed (stored, or a response topic that is not one level below ROOT-rpc/reply/,
 * or a correlation that is too long), or there are too many requests (`limit`), of which some are told `busy`. True: it
 * was answered, or a method has it now. */
bool responder_answer(const struct responder *responder, void *self, struct request_limit *limit,
                      const struct request *request, struct outbox *outbox) MUST_CHECK;

/* query_id of a parameter. False: the reply says what is wrong. */
bool call_id(const struct call *call, const char *name, bool required, const char **ret);

/* {"result":RESULT}; `result` holds one JSON value. */
void reply_result(const struct asker *asker, const struct buf *result, struct outbox *outbox);

/* {"error":{"code":…,"message":…}} */
void reply_error(const struct asker *asker, struct outbox *outbox, enum request_error error, const char *format, ...)
    PRINTF_LIKE(4, 5);

#endif
