#include "follow.h"

#include <inttypes.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "buf.h"
#include "document.h"
#include "json.h"
#include "output.h"

#define PAGE 1000              /* events */
#define WAIT_MAX 60            /* s, what the queen allows */
#define AWAY_PAUSE 1000000000L /* ns, between two looks for a queen that went away */

static enum err request(struct follow *follow, ms_t timeout, cJSON **ret, struct errbuf *e)
{
    ms_t seconds = ms_min(timeout / 1000, WAIT_MAX);
    struct buf path = BUF_INIT;
    buf_printf(&path, "/v1/events?after=%" PRId64 "&limit=%d", follow->after, PAGE);
    if (seconds > 0)
        buf_printf(&path, "&wait=%" PRId64, seconds);
    return api_request(follow->api, "GET", &path, seconds * 1000 + API_TIMEOUT, ret, e);
}

/* Behind the newest event of the answer; ids go up, also over a restart of the queen. */
static void advance(struct follow *follow, const cJSON *document)
{
    const cJSON *event;
    cJSON_ArrayForEach(event, json_member(document, "events"))
    {
        int64_t id;
        if (document_int(event, "event_id", &id) && id > follow->after)
            follow->after = id;
    }
}

static enum err pause_while_away(struct follow *follow, cJSON **ret, struct errbuf *e)
{
    if (!follow->away)
        output_note("%s; waiting for it to come back", e->text);
    follow->away = true;
    nanosleep(&(struct timespec){ .tv_nsec = AWAY_PAUSE - 1 }, NULL);
    *ret = cJSON_CreateObject();
    return *ret ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

enum err follow_next(struct follow *follow, ms_t timeout, cJSON **ret, struct errbuf *e)
{
    enum err err = request(follow, timeout, ret, e);
    if (err == ERR_UNREACHABLE && follow->begun)
        return pause_while_away(follow, ret, e);
    if (err != OK)
        return err;
    if (follow->away)
        output_note("the queen is back");
    follow->begun = true;
    follow->away = false;
    advance(follow, *ret);
    return OK;
}

enum err follow_skip(struct follow *follow, struct errbuf *e)
{
    int64_t before;
    enum err err;
    do {
        auto_free(cJSON) document = NULL;
        before = follow->after;
        err = request(follow, 0, &document, e);
        if (err == OK)
            advance(follow, document);
        follow->begun |= err == OK;
    } while (err == OK && follow->after != before);
    return err;
}
