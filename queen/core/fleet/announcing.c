#include "announcing.h"

#include <stdio.h>
#include <stdlib.h>

#include "rations.h"

/* Events that may wait while there is no link: the log and the command of --on-event get so many at once, and no queue
 * runs over. */
#define UNLINKED_MAX 1000
#define SENT_MS 10 /* when to try again: acknowledgements mostly come before */
#define TURNS 16   /* of hives that may have no token, in one call */
#define TOKEN_MS 100
#define RETAINED_OF_ONE 4 /* topics of a worker that are cleared when it is forgotten */

struct owed {
    struct fair_item item; /* in a queue, or ... */
    struct heap_item rest; /* ... in the heap of those that change too often */
    struct record *record;
    enum news news; /* the queue */
};

/* How bad the news is that it is in this state. */
static const uint8_t badness[STATE_COUNT] = {
    [STATE_UNVERIFIED] = 1, [STATE_ONLINE] = 1,  [STATE_SUSPECT] = 2,     [STATE_ZOMBIE] = 3,
    [STATE_STALE] = 4,      [STATE_OFFLINE] = 4, [STATE_UNREACHABLE] = 4,
};

static bool is_worse(const struct record *record)
{
    return badness[record->state] > badness[STATE_ONLINE];
}

/* It is established, or listed by --expect. */
static bool is_sure(const struct record *record)
{
    return record->established || record->expected;
}

static bool is_paid(enum news news)
{
    return news <= NEWS_BYE;
}

static bool was_better(const struct record *record)
{
    return record->announced != STATE_NONE && badness[record->announced] < badness[record->state];
}

static enum news news_of(const struct record *record)
{
    bool is_bye = record->state == STATE_OFFLINE;
    if (record->ended || record->announced == record->state)
        return NEWS_BYE;
    if (is_worse(record) && was_better(record))
        return is_bye ? NEWS_BYE : NEWS_LOSS;
    if (is_sure(record))
        return NEWS_SURE;
    return !is_worse(record) ? NEWS_YOUNG_BETTER : is_bye ? NEWS_YOUNG_BYE : NEWS_YOUNG_LOSS;
}

/* Who is established takes what those earn, and then what all have. */
static bool take_token(struct announcing *announcing, struct record *record)
{
    struct share *share = record->share;
    struct bucket_size theirs = { RATION_NEWS, 1 + (int64_t)share_established(share) / RATION_NEWS_EACH_S };
    if ((is_sure(record) && bucket_take(&share->news[true], theirs, announcing->now)) ||
        bucket_take(&share->news[false], (struct bucket_size){ RATION_NEWS, RATION_NEWS_PER_S }, announcing->now))
        return true;
    if (announcing->rationed_until != announcing->now + RATION_WARN_MS) /* else there was one a moment ago */
        snprintf(announcing->rationed_hive, NAME_SIZE, "%s", record_hive(record));
    announcing->rationed_until = announcing->now + RATION_WARN_MS;
    return false;
}

static bool is_room(const struct announcing *announcing, size_t waiting)
{
    return !announcing->held && waiting < (announcing->linked ? announcing->unsent_max : UNLINKED_MAX);
}

static bool has_room(const struct announcing *announcing)
{
    return is_room(announcing, announcing->unsent);
}

/* While messages of one hive fill it, one in SENT_MS goes all the same: their queue takes turns of hives. */
static bool is_room_for_states(const struct announcing *announcing)
{
    return is_room(announcing, announcing->unsent_states) ||
           (is_room(announcing, 0) && announcing->now >= announcing->state_at);
}

static void count_states(struct announcing *announcing, unsigned count)
{
    announcing->unsent_states += count;
    announcing->state_at = announcing->now + SENT_MS;
}

static void count_end(struct announcing *announcing, struct record *record)
{
    announcing->unsent += !record->silent;
    count_states(announcing, RETAINED_OF_ONE);
}

/* Whose better news was paid for is announced as worse at once, and the incident of a hive needs the event of its being
 * down. */
static ms_t rests_until(const struct record *record, enum news news)
{
    bool may_rest = !is_paid(news) && !(record_is_hive(record) && is_worse(record));
    ms_t first = record_oldest_change(record);
    return may_rest && first > 0 ? first + RATION_REST_MS : 0;
}

static size_t count_queued(const struct announcing *announcing)
{
    size_t count = 0;
    for (enum news news = 0; news < NEWS_COUNT; news++)
        count += announcing->owed[news].count;
    return count;
}

size_t announce_count(const struct announcing *announcing)
{
    return announcing->resting.len + count_queued(announcing);
}

/* Where it waits until it may be announced. False: no memory. */
static bool put(struct announcing *announcing, struct owed *owed)
{
    const struct record *record = owed->record;
    ms_t rest;
    owed->news = news_of(record);
    if ((rest = rests_until(record, owed->news)) > announcing->now)
        return heap_put(&announcing->resting, &owed->rest, rest) == OK;
    return fair_queue_add(&announcing->owed[owed->news], text_of(record_hive(record)), &owed->item, 1) == OK;
}

static void take_out(struct announcing *announcing, struct owed *owed)
{
    if (owed->item.owner)
        fair_queue_remove(&announcing->owed[owed->news], &owed->item);
    else
        heap_remove(&announcing->resting, &owed->rest);
    owed->item.owner = NULL;
}

/* The same; without memory nothing is owed, and it is announced at once, or by its next change. */
static bool put_or_free(struct announcing *announcing, struct owed *owed)
{
    if (put(announcing, owed))
        return true;
    owed->record->owed = NULL;
    free(owed);
    return false;
}

static bool owe(struct announcing *announcing, struct record *record)
{
    if (!(record->owed = calloc(1, sizeof *record->owed)))
        return false;
    record->owed->record = record;
    return put_or_free(announcing, record->owed);
}

static bool owe_again(struct announcing *announcing, struct owed *owed)
{
    if (owed->news == news_of(owed->record))
        return true;
    take_out(announcing, owed);
    return put_or_free(announcing, owed);
}

static bool may_now(struct announcing *announcing, struct record *record)
{
    enum news news = news_of(record);
    return rests_until(record, news) <= announcing->now && has_room(announcing) && count_queued(announcing) == 0 &&
           (is_paid(news) || take_token(announcing, record));
}

bool announce_now(struct announcing *announcing, struct record *record)
{
    bool is_owed =
        record->owed ? owe_again(announcing, record->owed) : !may_now(announcing, record) && owe(announcing, record);
    if (is_owed || announcing->held)
        return false;
    announcing->unsent++;
    return true;
}

bool announce_end(struct announcing *announcing, struct record *record)
{
    bool may = has_room(announcing) && is_room_for_states(announcing) && count_queued(announcing) == 0;
    record->silent =
        record->announced == STATE_NONE && !record->established && !(may && take_token(announcing, record));
    if (may)
        count_end(announcing, record);
    return may;
}

enum err announce_end_later(struct announcing *announcing, struct record *record)
{
    return owe(announcing, record) ? OK : ERR_NOMEM;
}

void announce_withdraw(struct announcing *announcing, struct record *record)
{
    if (!record->owed)
        return;
    take_out(announcing, record->owed);
    free(record->owed);
    record->owed = NULL;
}

bool announce_has_event_room(const struct announcing *announcing)
{
    return announcing->linked && has_room(announcing);
}

bool announce_state(struct announcing *announcing)
{
    if (!announcing->linked || !is_room_for_states(announcing))
        return false;
    count_states(announcing, 1);
    return true;
}

static struct owed *owed_of(const struct fair_owner *hive)
{
    return CONTAINER_OF(fair_owner_oldest(hive), struct owed, item);
}

static bool may_go(struct announcing *announcing, enum news news, struct record *record)
{
    if (record->ended)
        return is_room_for_states(announcing);
    return is_paid(news) || take_token(announcing, record);
}

/* The first of those whose turn it is that needs no token, or gets one; and of an end, that has room for its clears. */
static struct owed *next_of(struct announcing *announcing, enum news news)
{
    struct fair_queue *queue = &announcing->owed[news];
    struct fair_owner *hive, *first = NULL;
    for (unsigned turn = 0; turn < TURNS && (hive = fair_queue_turn(queue)) && hive != first; turn++) {
        struct owed *owed = owed_of(hive);
        if (may_go(announcing, news, owed->record))
            return owed;
        first = first ? first : hive;
    }
    return NULL;
}

static void wake_rested(struct announcing *announcing)
{
    struct heap *resting = &announcing->resting;
    struct heap_item *top;
    while ((top = heap_top(resting)) && top->at <= announcing->now) {
        struct owed *owed = CONTAINER_OF(top, struct owed, rest);
        heap_remove(resting, top);
        (void)put_or_free(announcing, owed);
    }
}

static ms_t next_try(const struct announcing *announcing)
{
    const struct heap_item *top = heap_top(&announcing->resting);
    ms_t next = top ? top->at : MS_NEVER;
    bool is_for_room;
    if (announcing->held)
        return MS_NEVER;
    is_for_room = !has_room(announcing) || announcing->owed[NEWS_LOSS].count + announcing->owed[NEWS_BYE].count > 0;
    if (count_queued(announcing) > 0)
        next = ms_min(next, announcing->now + (is_for_room ? SENT_MS : TOKEN_MS));
    return next;
}

/* Where the broker is slower every other one is the worst; between those it is the turn of the others, of each kind of
 * news in its turn. Else only tokens are scarce, each hive's own. */
static struct owed *next_turn(struct announcing *announcing)
{
    unsigned turn = announcing->was_full ? announcing->turns++ : 0;
    struct owed *owed = turn % 2 ? next_of(announcing, 1 + turn / 2 % (NEWS_COUNT - 1)) : NULL;
    for (enum news news = 0; news < NEWS_COUNT && !owed; news++)
        owed = next_of(announcing, news);
    announcing->was_full = announcing->was_full && owed;
    return owed;
}

struct record *announce_next(struct announcing *announcing)
{
    struct owed *owed = NULL;
    struct record *record;
    wake_rested(announcing);
    if (has_room(announcing))
        owed = next_turn(announcing);
    else
        announcing->was_full = true;
    if (!owed) {
        announcing->next = next_try(announcing);
        return NULL;
    }
    announcing->next = announcing->now; /* perhaps there are more */
    record = owed->record;
    if (record->ended)
        count_end(announcing, record);
    else
        announcing->unsent++;
    announce_withdraw(announcing, record);
    return record;
}

void announce_clear(struct announcing *announcing)
{
    const struct heap_item *top;
    for (enum news news = 0; news < NEWS_COUNT; news++) {
        while (announcing->owed[news].items)
            announce_withdraw(announcing, CONTAINER_OF(announcing->owed[news].items, struct owed, item)->record);
        fair_queue_clear(&announcing->owed[news]);
    }
    while ((top = heap_top(&announcing->resting)))
        announce_withdraw(announcing, CONTAINER_OF(top, struct owed, rest)->record);
    heap_clear(&announcing->resting);
}
