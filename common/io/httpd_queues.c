#include "httpd_queues.h"

#include <utlist.h>

static enum exchange_queue queue_of(const struct exchange *exchange)
{
    if (exchange->response.listing)
        return exchange->had_slice ? QUEUE_MORE : QUEUE_FIRST;
    return exchange->waits_since ? QUEUE_WOKEN : QUEUE_NEW;
}

/* A queue that was empty has saved up no time meanwhile. */
void queue_add(struct exchange *exchange)
{
    struct httpd *httpd = exchange->httpd;
    enum exchange_queue kind = queue_of(exchange);
    exchange->phase = EXCHANGE_QUEUED;
    exchange->client->deadline = MS_NEVER;
    if (!httpd->queues[kind] && httpd->spent_us[kind] < httpd->least_us)
        httpd->spent_us[kind] = httpd->least_us;
    DL_APPEND(httpd->queues[kind], exchange);
}

void queue_remove(struct exchange *exchange)
{
    DL_DELETE(exchange->httpd->queues[queue_of(exchange)], exchange);
}

struct exchange *queue_next(const struct httpd *httpd)
{
    unsigned next = 0;
    for (unsigned i = 1; i < QUEUES; i++)
        if (httpd->queues[i] && (!httpd->queues[next] || httpd->spent_us[i] < httpd->spent_us[next]))
            next = i;
    return httpd->queues[next];
}

enum exchange_queue queue_begin_turn(struct exchange *exchange)
{
    struct httpd *httpd = exchange->httpd;
    enum exchange_queue kind = queue_of(exchange);
    httpd->least_us = httpd->spent_us[kind];
    queue_remove(exchange);
    return kind;
}

/* What took longer than a turn may was held up by others, for which its queue does not pay. */
void queue_pay(struct httpd *httpd, enum exchange_queue kind, int64_t took_us)
{
    httpd->spent_us[kind] += took_us < HTTPD_TURN_US ? took_us : HTTPD_TURN_US;
}
