#include "http_ask.h"

#include <stdio.h>

#include "codec.h"
#include "health_answer.h"

#define SERVICE_SIZE (16 + 2 * NAME_SIZE)

bool http_ask_may(const struct queen *queen, const struct record *record)
{
    return queen->options.verify_http && record->endpoint;
}

/* In the scan arena; NULL when there is none, or no memory to read it. */
static const char *endpoint_of(struct queen *queen, const struct record *record)
{
    struct text document = record_document(record);
    struct hive_heartbeat hive;
    struct heartbeat worker;
    hive_heartbeat_init(&hive);
    heartbeat_init(&worker);
    if (record_is_hive(record))
        return hive_heartbeat_decode(&queen->scan, document, &hive, NULL) == OK ? hive.endpoint : NULL;
    return heartbeat_decode(&queen->scan, document, &worker, NULL) == OK ? worker.endpoint : NULL;
}

bool http_ask(struct queen *queen, const struct record *record, uint64_t token, ms_t patience)
{
    const char *endpoint = NULL;
    if (http_ask_may(queen, record) && record->document)
        endpoint = endpoint_of(queen, record);
    if (endpoint)
        outbox_http_get(queen->out, endpoint, token, ms_max(patience, 1));
    arena_reset(&queen->scan);
    return endpoint != NULL;
}

static void service_of(const struct record *record, char ret[SERVICE_SIZE])
{
    if (record_is_hive(record))
        snprintf(ret, SERVICE_SIZE, "hive/%s", record_hive(record));
    else
        snprintf(ret, SERVICE_SIZE, "worker/%s/%s", record_hive(record), record_worker(record));
}

bool http_ask_read(struct queen *queen, const struct record *record, const struct http_answer *http,
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
