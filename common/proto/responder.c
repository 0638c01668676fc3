#include "responder.h"

#include <stdarg.h>
#include <stdio.h>

#include "json_scan.h"
#include "json_write.h"
#include "keyed_hash.h"
#include "msg.h"

#define REPLY_EXPIRY_S 60 /* nobody waits longer for a reply */

DEFINE_NAMES(request_error_name, enum request_error, REQUEST_ERRORS, "internal")

static bool is_queens(const char *root, struct text topic)
{
    struct topic parsed;
    return topic_parse(root, topic, &parsed) == OK && text_skip(&parsed.client, TEXT("skep:q:"));
}

/* A stored request is nobody's question, and a reply may only go where replies live. */
static bool asker_of(const char *root, const struct message *message, struct asker *ret)
{
    if (message->retain || !topic_is_reply(root, message->response_topic) ||
        message->correlation.len > ASKER_CORRELATION_MAX)
        return false;
    memcpy(ret->topic, message->response_topic.at, message->response_topic.len);
    ret->topic[message->response_topic.len] = '\0';
    ret->is_queen = is_queens(root, message->response_topic);
    ret->correlation_len = message->correlation.len;
    if (ret->correlation_len)
        memcpy(ret->correlation, message->correlation.at, ret->correlation_len);
    return true;
}

/* False: the broker would not take it. */
static bool reply(const struct asker *asker, const struct buf *json, struct outbox *outbox)
{
    struct publish publish = { .topic = asker->topic,
                               .payload = buf_text(json),
                               .qos = 1,
                               .urgent = true,
                               .party = keyed_hash(asker->topic, strlen(asker->topic)),
                               .content_type = "application/json",
                               .expiry_s = REPLY_EXPIRY_S };
    if (asker->correlation_len)
        publish.correlation = (struct text){ (const char *)asker->correlation, asker->correlation_len };
    if (!outbox_fits(outbox, &publish))
        return false;
    if (buf_ok(json))
        outbox_publish(outbox, &publish);
    else
        outbox->failed = true;
    return true;
}

void reply_result(const struct asker *asker, const struct buf *result, struct outbox *outbox)
{
    auto_clear(buf) json = BUF_INIT;
    struct json_write w = json_write_to(&json);
    if (result->len > RESPONDER_REPLY_MAX) {
        reply_error(asker, outbox, REQUEST_TOO_LARGE, "the result has %zu bytes, more than %d: request less at once",
                    result->len, RESPONDER_REPLY_MAX);
        return;
    }
    json_open(&w, '{');
    json_add_raw(&w, "result", buf_text(result));
    json_close(&w, '}');
    json.failed |= !buf_ok(result);
    if (!reply(asker, &json, outbox))
        reply_error(asker, outbox, REQUEST_TOO_LARGE,
                    "the result has %zu bytes, and the broker takes packets of %u: request less at once", result->len,
                    (unsigned)outbox->packet_max);
}

void reply_error(const struct asker *asker, struct outbox *outbox, enum request_error error, const char *format, ...)
{
    char message[ERRBUF_SIZE];
    auto_clear(buf) json = BUF_INIT;
    struct json_write w = json_write_to(&json);
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    json_open(&w, '{');
    json_open_member(&w, "error", '{');
    json_add_str(&w, "code", request_error_name(error));
    json_add_str(&w, "message", message);
    json_close(&w, '}');
    json_close(&w, '}');
    reply(asker, &json, outbox);
}

static const struct method *method_find(const struct responder *responder, struct text name)
{
    for (size_t i = 0; i < responder->method_count; i++)
        if (text_is(name, responder->methods[i].name))
            return &responder->methods[i];
    return NULL;
}

static void refuse_method(const struct responder *responder, const struct asker *asker, struct outbox *outbox)
{
    auto_clear(buf) known = BUF_INIT;
    for (size_t i = 0; i < responder->method_count; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", responder->methods[i].name);
    reply_error(asker, outbox, REQUEST_NO_METHOD, "no such method; known are %s", buf_str(&known));
}

/* As it would stand behind `?`: numbers are written out. */
static struct parameter parameter_of(struct arena *arena, const struct json_value *member)
{
    struct parameter parameter = { .name = member->key, .is_number = member->type == JSON_NUMBER };
    if (parameter.is_number)
        parameter.value = text_of(arena_printf(arena, "%.17g", member->number));
    else if (member->type == JSON_STRING)
        parameter.value = member->string;
    return parameter;
}

static enum err params_parse(struct arena *arena, struct text payload, struct query *ret, struct errbuf *e)
{
    const struct json_value *document;
    enum err err;
    if (payload.len == 0)
        return OK;
    if (payload.len > MSG_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "%zu bytes of parameters: at most %d are allowed", payload.len, MSG_MAX_BYTES);
    if ((err = json_scan(arena, payload, &document, e)) != OK)
        return err;
    if (document->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "the parameters must be one JSON object, or nothing");
    if (!(ret->parameters = arena_alloc(arena, document->span * sizeof *ret->parameters)))
        return err_set(e, ERR_NOMEM, "out of memory");
    JSON_EACH(member, document)
    {
        if (member->type != JSON_NULL)
            ret->parameters[ret->count++] = parameter_of(arena, member);
    }
    return OK;
}

static enum request_error params_error(enum err err, size_t len)
{
    if (err == ERR_NOMEM)
        return REQUEST_INTERNAL;
    return len > MSG_MAX_BYTES ? REQUEST_TOO_LARGE : REQUEST_BAD_PARAMS;
}

static void call_method(const struct method *method, void *self, const struct asker *asker,
                        const struct message *message, struct outbox *outbox)
{
    auto_clear(arena) arena = { 0 };
    auto_clear(buf) result = BUF_INIT;
    struct errbuf e = { 0 };
    struct query params = { .count = 0 };
    struct call call = {
        .asker = asker, .params = &params, .result = &result, .outbox = outbox, .expiry_s = message->expiry_s
    };
    enum err err = params_parse(&arena, message->payload, &params, &e);
    if (err != OK)
        reply_error(asker, outbox, params_error(err, message->payload.len), "%s", e.text);
    else
        method->answer(self, &call);
    if (result.len > 0 || !buf_ok(&result))
        reply_result(asker, &result, outbox);
}

bool responder_answer(const struct responder *responder, void *self, struct request_limit *limit,
                      const struct request *request, struct outbox *outbox)
{
    struct asker asker;
    const struct method *method = method_find(responder, request->method);
    enum request_verdict verdict;
    if (!asker_of(request->root, request->message, &asker))
        return false;
    verdict = request_limit_take(limit, request->message->response_topic, asker.is_queen, request->now);
    if (verdict == REQUEST_SAY_BUSY)
        reply_error(&asker, outbox, REQUEST_BUSY, "too many requests");
    else if (verdict == REQUEST_MAY && method)
        call_method(method, self, &asker, request->message, outbox);
    else if (verdict == REQUEST_MAY)
        refuse_method(responder, &asker, outbox);
    return verdict == REQUEST_MAY;
}

bool call_id(const struct call *call, const char *name, bool required, const char **ret)
{
    struct errbuf e = { 0 };
    if (query_id(call->params, name, required, ret, &e) == OK)
        return true;
    reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "%s", e.text);
    return false;
}
