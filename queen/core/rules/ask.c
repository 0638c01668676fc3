#include "ask.h"

#include <stdio.h>

#include "health_answer.h"
#include "json_scan.h"
#include "keyed_hash.h"

#define SERVICE_SIZE (16 + 2 * NAME_SIZE)

static const struct {
    const char *purpose; /* of the key */
    enum token_kind token;
    uint16_t reads; /* of a reply: to `beat` it says all that there is one */
} askings[ASKING_COUNT] = {
    [ASKING_LOSS] = { "confirmations", TOKEN_LOSS, 256 },
    [ASKING_INQUIRY] = { "hive inquiries", TOKEN_INQUIRY, 256 },
    [ASKING_NEIGHBOUR] = { "neighbours", TOKEN_NEIGHBOUR, 256 },
    [ASKING_VERIFY] = { "verifications", TOKEN_VERIFY, 1024 },
    [ASKING_HIVE] = { "hive polls", TOKEN_HIVE, 6 * 1024 },
};

void ask_init(struct queen *queen)
{
    for (size_t i = 0; i < ASKING_COUNT; i++)
        requester_init(&queen->asking[i], queen->member.reply_topic,
                       siphash_derive(&queen->options.secret, askings[i].purpose), (uint8_t)askings[i].token);
}

void ask_clear(struct queen *queen)
{
    for (size_t i = 0; i < ASKING_COUNT; i++)
        requester_clear(&queen->asking[i]);
    HASH_CLEAR(hh, queen->over_http);
}

ms_t ask_time(const struct queen *queen, enum asking asking)
{
    return asking == ASKING_VERIFY || asking == ASKING_HIVE ? queen->now : queen->watch.time;
}

bool ask(struct queen *queen, enum asking asking, struct pending *pending, const struct record *record,
         const char *method, struct question question)
{
    struct topic topic = { .kind = record_is_hive(record) ? TOPIC_HIVE_REQUEST : TOPIC_WORKER_REQUEST,
                           .hive = text_of(record_hive(record)),
                           .worker = text_of(record_worker(record)),
                           .method = text_of(method) };
    char text[TOPIC_SIZE];
    question.topic = text;
    question.reads = askings[asking].reads;
    question.party = keyed_hash(record_hive(record), strlen(record_hive(record)));
    return topic_build(queen->options.root, &topic, text) == OK && /* valid ids below a checked root fit */
           requester_send(&queen->asking[asking], pending, &question, ask_time(queen, asking), queen->out) == OK;
}

bool ask_may_http(const struct queen *queen, const struct record *record)
{
    return queen->options.verify_http && record->endpoint && record->document;
}

/* In the scan arena; NULL when there is none, or no memory to read it. What it is was checked when it came. */
static const char *endpoint_of(struct queen *queen, const struct record *record)
{
    const struct json_value *document, *endpoint = NULL;
    if (json_scan(&queen->scan, document_text(record->document), &document, NULL) == OK)
        endpoint = json_value_member(document, "endpoint");
    return endpoint && endpoint->type == JSON_STRING ? endpoint->string.at : NULL;
}

bool ask_http(struct queen *queen, struct http_ask *ask, enum token_kind kind, const struct record *record,
              ms_t timeout)
{
    const char *endpoint = ask_may_http(queen, record) && record->document ? endpoint_of(queen, record) : NULL;
    if (endpoint) {
        ask->token = queen_token(queen, kind);
        HASH_ADD(hh, queen->over_http, token, sizeof ask->token, ask);
        if (ask->hh.tbl)
            outbox_http_get(queen->out, endpoint, ask->token, ms_max(timeout, 1));
        else
            ask->token = 0;
    }
    arena_reset(&queen->scan);
    return ask->token != 0;
}

void ask_http_end(struct queen *queen, struct http_ask *ask)
{
    if (ask->token)
        HASH_DELETE(hh, queen->over_http, ask);
    ask->token = 0;
}

struct http_ask *ask_http_take(struct queen *queen, uint64_t token)
{
    struct http_ask *ask;
    HASH_FIND(hh, queen->over_http, &token, sizeof token, ask);
    if (ask)
        ask_http_end(queen, ask);
    return ask;
}

static void service_of(const struct record *record, char ret[SERVICE_SIZE])
{
    if (record_is_hive(record))
        snprintf(ret, SERVICE_SIZE, "hive/%s", record_hive(record));
    else
        snprintf(ret, SERVICE_SIZE, "worker/%s/%s", record_hive(record), record_worker(record));
}

bool ask_http_read(struct queen *queen, const struct record *record, const struct http_answer *http,
                   enum health_status *ret)
{
    struct health_answer answer;
    char service[SERVICE_SIZE];
    service_of(record, service);
    if ((http->status != 200 && http->status != 503) ||
        health_answer_parse(&queen->arena, http->body, service, &answer, NULL) != OK)
        return false;
    *ret = answer.status;
    return true;
}
