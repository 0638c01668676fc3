#include "httpd_waits.h"

#include <utlist.h>

#include "clock.h"

static unsigned kind_of(const struct exchange *exchange)
{
    return (unsigned)__builtin_ctz(exchange->response.wakes_on | 1u << (HTTPD_WAIT_KINDS - 1));
}

/* NULL: none. One that has had its turn gives way to a peer that has as many, so that they take turns; without that two
 * peers would end each other's waits all the time. */
static struct exchange *find_yielding(const struct httpd *httpd, const struct peer *own, unsigned kind, bool own_only)
{
    struct exchange *exchange, *found = NULL;
    ms_t now = clock_mono();
    DL_FOREACH(httpd->waiting, exchange)
    {
        const struct peer *peer = exchange->client->peer;
        bool had_turn = exchange->waits_since + HTTPD_WAIT_TURN_MS <= now;
        if (kind_of(exchange) == kind && (peer == own || !own_only) &&
            peer->waiting[kind] + (had_turn ? 2 : 0) > own->waiting[kind] + 1 &&
            (!found || peer->waiting[kind] > found->client->peer->waiting[kind]))
            found = exchange;
    }
    return found;
}

bool wait_may_begin(const struct exchange *exchange, struct exchange **ret_yields)
{
    const struct httpd *httpd = exchange->httpd;
    const struct peer *own = exchange->client->peer;
    unsigned kind = kind_of(exchange), limit = httpd->options.connections_per_peer / HTTPD_WAITS_PART;
    bool own_are_used_up = limit > 0 && own->waiting[kind] >= limit;
    bool is_used_up = own_are_used_up || httpd->waiting_count[kind] >= HTTPD_WAITS;
    *ret_yields = is_used_up ? find_yielding(httpd, own, kind, own_are_used_up) : NULL;
    return *ret_yields || !is_used_up;
}

void wait_begin(struct exchange *exchange, ms_t until)
{
    unsigned kind = kind_of(exchange);
    exchange->wait_ends = until;
    exchange->waits_since = clock_mono();
    exchange->phase = EXCHANGE_WAITING;
    DL_APPEND(exchange->httpd->waiting, exchange);
    exchange->httpd->waiting_count[kind]++;
    exchange->client->peer->waiting[kind]++;
}

void wait_end(struct exchange *exchange)
{
    unsigned kind = kind_of(exchange);
    DL_DELETE(exchange->httpd->waiting, exchange);
    exchange->httpd->waiting_count[kind]--;
    exchange->client->peer->waiting[kind]--;
}
