#include "follow.h"

#include <inttypes.h>

#include <cjson/cJSON.h>

#include "clock.h"
#include "document.h"
#include "output.h"

#define WAIT_MAX 60 /* s, what the queen allows */
#define AGAIN 1000  /* ms from a request that brought nothing to the next, also where the server does not wait */

/* Ids go up, also over a restart of the queen. */
static void take_event(void *user, const cJSON *event)
{
    struct follow *follow = user;
    int64_t id;
    if (document_int(event, "event_id", &id)) {
        if (id <= follow->after)
            return;
        follow->after = id;
    }
    if (follow->take)
        follow->take(follow->user, event);
}

static enum err request(struct follow *follow, ms_t timeout, cJSON **ret, struct errbuf *e)
{
    ms_t seconds = ms_min(timeout / 1000, WAIT_MAX);
    struct page page = { "events", take_event, follow };
    struct buf path = BUF_INIT;
    buf_printf(&path, "/v1/events?after=%" PRId64 "&limit=%d", follow->after, PAGE_LIMIT);
    if (seconds > 0)
        buf_printf(&path, "&wait=%" PRId64, seconds);
    return api_get_page(follow->api, &path, seconds * 1000 + API_TIMEOUT, &page, ret, e);
}

enum err follow_next(struct follow *follow, ms_t timeout, cJSON **ret, struct errbuf *e)
{
    int64_t before = follow->after;
    ms_t again = clock_mono() + AGAIN;
    enum err err = request(follow, timeout, ret, e);
    bool away = err == ERR_UNREACHABLE && follow->begun;
    if (err != OK && !away)
        return err;
    if (away && !follow->away)
        output_note("%s; waiting for it to come back", e->text);
    if (!away && follow->away)
        output_note("the queen is back");
    follow->begun = true;
    follow->away = away;
    if (timeout > 0 && follow->after == before)
        api_sleep(follow->api, again);
    return OK;
}

enum err follow_skip(struct follow *follow, struct errbuf *e)
{
    struct follow silent = { .api = follow->api };
    auto_free(cJSON) answer = NULL;
    enum err err = request(&silent, 0, &answer, e);
    follow->after = silent.after;
    follow->begun = err == OK;
    return err;
}
