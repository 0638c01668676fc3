#include "requests.h"

#include <stdlib.h>
#include <utlist.h>

#include "listing.h"
#include "rations.h"
#include "responder.h"
#include "verify.h"
#include "verify_wait.h"
#include "view.h"
#include "view_health.h"

#define LISTS_MAX 16 /* of 1 MiB at most */
#define LISTS_PER_ASKER 4
#define LIST_SLICES 4 /* a step */

static void answer_health(void *self, const struct call *call)
{
    (void)view_health(self, call->result);
}

static void refuse_ambiguous(const struct registry *registry, const struct record *record, const struct call *call)
{
    auto_clear(buf) names = BUF_INIT;
    for (int left = RATION_CANDIDATES; record && left > 0;
         record = name_index_next(&registry->by[NAME_OF_WORKER], record), left--)
        buf_printf(&names, "%s%s/%s", names.len ? ", " : "", record_hive(record), record_worker(record));
    reply_error(call->asker, call->outbox, REQUEST_AMBIGUOUS, "ambiguous: set hive_id to one of %s", buf_str(&names));
}

/* The worker that the parameters name; NULL when the reply says why not. */
static struct record *find(struct queen *queen, const struct call *call)
{
    const char *worker, *hive;
    struct record *record;
    enum err err;
    if (!call_id(call, "worker_id", true, &worker) || !call_id(call, "hive_id", false, &hive))
        return NULL;
    if ((err = registry_find_one(&queen->registry, text_of(hive), text_of(worker), &record)) == OK)
        return record;
    if (err == ERR_CONFLICT)
        refuse_ambiguous(&queen->registry, record, call);
    else
        reply_error(call->asker, call->outbox, REQUEST_NOT_FOUND, "no worker of that name is known");
    return NULL;
}

static void answer_worker_get(void *self, const struct call *call)
{
    struct json_write w = json_write_to(call->result);
    const struct record *record = find(self, call);
    if (record)
        view_worker(self, record, true, &w);
}

static enum err selection_of(const struct query *params, struct selection *ret, struct errbuf *e)
{
    enum err err = selection_parse(params, ret, e);
    if (err == OK && ret->verified)
        err = err_set(e, ERR_RANGE, "verified: not over MQTT; use HTTP, or worker.verify for one worker");
    if (err == OK && !query_find(params, "limit"))
        ret->limit = REQUESTS_LIST_DEFAULT;
    if (err == OK && ret->limit > REQUESTS_LIST_MAX)
        err = err_set(e, ERR_RANGE, "limit: at most %d over MQTT", REQUESTS_LIST_MAX);
    return err;
}

/* A list is made by the ticks: many requests may come in one burst. */
struct list_wait {
    struct list_wait *prev, *next;
    struct listing *listing;
    struct buf result;
    struct asker asker;
};

static void list_wait_free(struct queen *queen, struct list_wait *wait)
{
    DL_DELETE(queen->lists, wait);
    queen->list_count--;
    queen_listing_free(wait->listing);
    buf_clear(&wait->result);
    free(wait);
}

void requests_clear(struct queen *queen)
{
    while (queen->lists)
        list_wait_free(queen, queen->lists);
}

/* Some slices more; then it is answered, or it is the turn of the others. */
static void list_go_on(struct queen *queen, struct list_wait *wait)
{
    bool goes_on = true;
    for (int i = 0; i < LIST_SLICES && goes_on; i++)
        goes_on = queen_listing_next(queen, wait->listing, queen->now, queen->wall, &wait->result) &&
                  wait->result.len <= RESPONDER_REPLY_MAX;
    if (goes_on) {
        DL_DELETE(queen->lists, wait);
        DL_APPEND(queen->lists, wait);
        return;
    }
    if (buf_ok(&wait->result))
        reply_result(&wait->asker, &wait->result, queen->out);
    else
        reply_error(&wait->asker, queen->out, REQUEST_INTERNAL, "out of memory: request fewer workers");
    list_wait_free(queen, wait);
}

void requests_tick(struct queen *queen)
{
    if (queen->lists)
        list_go_on(queen, queen->lists);
}

static bool has_room_for_list(const struct queen *queen, const struct asker *asker)
{
    const struct list_wait *wait;
    size_t of_asker = 0;
    DL_FOREACH(queen->lists, wait)
    {
        of_asker += strcmp(wait->asker.topic, asker->topic) == 0;
    }
    return queen->list_count < LISTS_MAX && of_asker < LISTS_PER_ASKER;
}

static void answer_worker_list(void *self, const struct call *call)
{
    struct queen *queen = self;
    struct selection selection;
    struct list_wait *wait;
    struct errbuf e = { 0 };
    if (selection_of(call->params, &selection, &e) != OK) {
        reply_error(call->asker, call->outbox, REQUEST_BAD_PARAMS, "%s", e.text);
        return;
    }
    if (!has_room_for_list(queen, call->asker)) {
        reply_error(call->asker, call->outbox, REQUEST_BUSY, "too many lists are in progress");
        return;
    }
    if (!(wait = calloc(1, sizeof *wait)) || listing_new(&selection, queen->now, &wait->listing) != OK) {
        free(wait);
        reply_error(call->asker, call->outbox, REQUEST_INTERNAL, "out of memory");
        return;
    }
    wait->asker = *call->asker;
    DL_APPEND(queen->lists, wait);
    queen->list_count++;
}

/* Answered when the verification has finished (verify_wait.h). */
static void answer_worker_verify(void *self, const struct call *call)
{
    struct queen *queen = self;
    struct record *record = find(queen, call);
    enum err err;
    if (!record)
        return;
    if (!verify_wait_has_room(queen, record, call->asker))
        reply_error(call->asker, call->outbox, REQUEST_BUSY, "too many wait for verifications already");
    else if ((err = verify_begin(queen, record, VERIFY_BY_HAND)) == ERR_FULL)
        reply_error(call->asker, call->outbox, REQUEST_BUSY, VERIFY_FULL);
    else if (err != OK || !verify_wait_add(queen, record, call->asker))
        reply_error(call->asker, call->outbox, REQUEST_INTERNAL, "out of memory");
}

static const struct method methods[] = {
    { "health", answer_health },
    { "worker.get", answer_worker_get },
    { "worker.list", answer_worker_list },
    { "worker.verify", answer_worker_verify },
};
static const struct responder responder = { methods, ARRAY_LEN(methods) };

enum err requests_answer(struct queen *queen, struct text method, const struct message *message, struct errbuf *e)
{
    const struct request request = { queen->options.root, method, message, queen->now };
    if (responder_answer(&responder, queen, &queen->requests, &request, queen->out))
        return OK;
    return err_set(e, ERR_REFUSED, "a request with no response topic one level below %s-rpc/reply/, or one too many",
                   queen->options.root);
}
