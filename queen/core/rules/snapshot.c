#include "snapshot.h"

#include "broker_fit.h"
#include "completeness.h"
#include "passes.h"

#define READ_TIMEOUT_MS 2000 /* without a stored copy, SUBACK or marker; a broker's full queue drops any of them */
#define READ_ATTEMPTS 3
#define GIVE_UPS 3        /* passes in a row, and the others are left for the next time */
#define COUNT_EVERY_MS 10 /* slices of those who are missing */

static bool is_reading(const struct queen *queen)
{
    return queen->snapshot.phase != SNAPSHOT_NONE && queen->snapshot.stage < SNAPSHOT_COUNT;
}

/* In it the number of the filter is 0. */
static uint64_t subscribe_token(const struct queen *queen)
{
    return (uint64_t)TOKEN_SUBSCRIBE << TOKEN_KIND_SHIFT | (uint64_t)queen->snapshot.requests << 8;
}

/* The same filter again replaces the subscription, so that nothing live is missed or comes twice. */
static void subscribe(struct queen *queen, unsigned which)
{
    const struct snapshot_filter *filter = &queen->snapshot.filters[which];
    char text[TOPIC_SIZE];
    if (passes_filter(queen, filter, text) != OK) /* a checked root fits */
        return;
    queen->snapshot.pending++;
    outbox_subscribe(
        queen->out,
        &(struct subscribe){ .filter = text,
                             .no_local = !passes_is_own(filter->kind), /* stored ones are ours, too */
                             .retain_handling = queen->snapshot.stage == SNAPSHOT_LIVE ? RETAIN_NEVER : RETAIN_ALWAYS,
                             .token = subscribe_token(queen) | which });
}

static void send_marker(struct queen *queen)
{
    queen->snapshot.progress_at = queen->now;
    outbox_publish(queen->out, &(struct publish){ .topic = queen->member.reply_topic,
                                                  .payload = TEXT("{}"),
                                                  .qos = 1,
                                                  .urgent = true,
                                                  .correlation = text_of(HEX64_TEXT(queen->snapshot.marker)),
                                                  .token = queen->snapshot.marker });
}

/* Requests once more what is waited for: the subscriptions, then a marker when all are acknowledged; the same marker,
 * so whichever comes back first ends the passes. */
static void request(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->pending = 0;
    snapshot->copies = 0;
    snapshot->progress_at = queen->now;
    snapshot->attempts++;
    for (unsigned i = snapshot->first; i < snapshot->last; i++)
        subscribe(queen, i);
    if (snapshot->stage == SNAPSHOT_LIVE && snapshot->attempts > READ_ATTEMPTS)
        send_marker(queen);
}

static void read_from(struct queen *queen, unsigned first)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->first = first;
    snapshot->last = snapshot->alone && snapshot->stage != SNAPSHOT_LIVE ? first + 1 : snapshot->count;
    snapshot->attempts = 0;
    snapshot->requests++;
    snapshot->marker = queen_token(queen, TOKEN_MARKER);
    request(queen);
}

static void begin_cycle(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->cycle = snapshot->cycle % UINT8_MAX + 1;
    completeness_begin(queen);
}

static void begin_stage(struct queen *queen, enum snapshot_stage stage)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->stage = stage;
    snapshot->step = 0;
    snapshot->hive_next = 0;
    snapshot->share_next = 0;
    snapshot->hive[0] = '\0';
    if (stage == SNAPSHOT_HIVES)
        begin_cycle(queen);
    else if (stage == SNAPSHOT_LIVE)
        snapshot->phase = SNAPSHOT_SUBSCRIBING;
    else if (stage == SNAPSHOT_OWN)
        snapshot->phase = SNAPSHOT_READING;
}

static void count_missing(struct queen *queen)
{
    queen->snapshot.progress_at = queen->now;
    if (!completeness_count(queen))
        return;
    queen->snapshot.stage = SNAPSHOT_IDLE;
    completeness_check(queen);
}

/* What is left of this time's passes is not read. True: the view is live from now on. */
static bool end_cycle(struct queen *queen)
{
    bool was_live = queen_sees(queen);
    queen->snapshot.stage = SNAPSHOT_COUNT;
    queen->snapshot.phase = SNAPSHOT_READ;
    count_missing(queen);
    return !was_live;
}

static bool read_next(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    for (passes_fill(queen); snapshot->count == 0; passes_fill(queen)) {
        if (snapshot->stage == SNAPSHOT_DEVICES)
            return end_cycle(queen);
        begin_stage(queen, snapshot->stage + 1);
    }
    read_from(queen, 0);
    return false;
}

/* Where the copies have come from. */
static void note_copies(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    struct completeness *completeness = &snapshot->completeness;
    if (snapshot->stage == SNAPSHOT_KNOWN || snapshot->stage == SNAPSHOT_FOUND)
        completeness->by_hive += snapshot->copies;
    else if (snapshot->stage == SNAPSHOT_ALL)
        completeness->over_all += snapshot->copies;
    else if (snapshot->stage == SNAPSHOT_OWN)
        snapshot->own_is_large |= snapshot->copies > SNAPSHOT_BURST;
    completeness_note_passes(completeness, snapshot->copies, snapshot->last - snapshot->first);
}

/* A subscription of its own that stays would bring everything twice from now on. */
static void end_subscriptions(struct queen *queen)
{
    const struct snapshot *snapshot = &queen->snapshot;
    char text[TOPIC_SIZE];
    for (unsigned i = snapshot->first; i < snapshot->last; i++)
        if ((passes_is_own(snapshot->filters[i].kind) || strcmp(snapshot->filters[i].hive, "+") != 0) &&
            passes_filter(queen, &snapshot->filters[i], text) == OK)
            outbox_unsubscribe(queen->out, text);
}

static bool go_on(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    if (snapshot->last == snapshot->count)
        return read_next(queen);
    read_from(queen, snapshot->last);
    return false;
}

static bool end_passes(struct queen *queen)
{
    queen->snapshot.given_up = 0;
    note_copies(queen);
    end_subscriptions(queen);
    return go_on(queen);
}

static bool give_up_pass(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    char text[TOPIC_SIZE] = "";
    (void)passes_filter(queen, &snapshot->filters[snapshot->first], text);
    snapshot->completeness.cut++;
    snapshot->given_up++;
    outbox_notice(queen->out,
                  "the broker dropped part of what it has stored on %s, %d times: workers may be missing until they "
                  "are received live; its max_queued_messages or max_queued_bytes is too small for this fleet",
                  text, READ_ATTEMPTS);
    end_subscriptions(queen);
    return snapshot->given_up >= GIVE_UPS ? end_cycle(queen) : go_on(queen);
}

/* Nothing more comes, and the marker did not: something was lost, and perhaps stored copies with it. Without live
 * subscriptions nothing would ever be seen, so those have no last attempt. */
static bool read_again(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    bool was_alone = snapshot->last - snapshot->first == 1;
    if (snapshot->stage == SNAPSHOT_LIVE) {
        if (snapshot->attempts == READ_ATTEMPTS)
            outbox_notice(queen->out,
                          "what this queen publishes on %s is not received back, so it stays blind: the broker must "
                          "let it write and read there",
                          queen->member.reply_topic);
        request(queen);
        return false;
    }
    snapshot->alone = true;
    snapshot->burst = SNAPSHOT_BURST;
    if (was_alone && snapshot->attempts >= READ_ATTEMPTS)
        return give_up_pass(queen);
    if (was_alone)
        request(queen);
    else
        read_from(queen, snapshot->first);
    return false;
}

void snapshot_subscribed(struct queen *queen, uint64_t token, uint8_t reason)
{
    struct snapshot *snapshot = &queen->snapshot;
    unsigned which = token & 0xFF;
    char text[TOPIC_SIZE];
    if (!is_reading(queen) || (token & ~UINT64_C(0xFF)) != subscribe_token(queen))
        return;
    if (snapshot->stage == SNAPSHOT_LIVE && passes_filter(queen, &snapshot->filters[which], text) == OK)
        broker_fit_subscribed(queen, text, reason);
    if (snapshot->pending > 0 && --snapshot->pending == 0)
        send_marker(queen);
}

/* What outlasts the link. */
static void reset(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    *snapshot = (struct snapshot){ .burst = snapshot->burst > 0 ? snapshot->burst : SNAPSHOT_BURST,
                                   .cycle = snapshot->cycle,
                                   .again_at = MS_NEVER,
                                   .live_at = MS_NEVER,
                                   .completeness.check_until = MS_NEVER };
}

void snapshot_begin(struct queen *queen)
{
    reset(queen);
    outbox_subscribe(queen->out, &(struct subscribe){ .filter = SYS_MESSAGES "+" });
    begin_stage(queen, SNAPSHOT_LIVE);
    (void)read_next(queen);
}

static bool has_filter(const struct devices *devices, const char *filter)
{
    for (size_t i = 0; i < devices->filter_count; i++)
        if (strcmp(devices->filters[i], filter) == 0)
            return true;
    return false;
}

/* What is stored of the others is read, which subscribes to them. */
static void subscribe_to_beats(struct queen *queen, const struct devices *devices)
{
    for (size_t i = devices->stored_count; i < devices->filter_count; i++)
        outbox_subscribe(
            queen->out,
            &(struct subscribe){ .filter = devices->filters[i], .no_local = true, .retain_handling = RETAIN_NEVER });
}

bool snapshot_set_devices(struct queen *queen, const struct devices *devices)
{
    struct snapshot *snapshot = &queen->snapshot;
    const struct devices *before = queen->options.devices;
    queen->options.devices = devices;
    if (snapshot->phase == SNAPSHOT_NONE)
        return false;
    for (size_t i = 0; i < before->filter_count; i++)
        if (!has_filter(devices, before->filters[i]))
            outbox_unsubscribe(queen->out, before->filters[i]);
    if (snapshot->stage == SNAPSHOT_LIVE) {
        snapshot_begin(queen);
        return false;
    }
    subscribe_to_beats(queen, devices);
    if (snapshot->stage >= SNAPSHOT_COUNT)
        snapshot->again_at = queen->now;
    if (snapshot->stage != SNAPSHOT_DEVICES)
        return false;
    begin_stage(queen, SNAPSHOT_DEVICES);
    return read_next(queen);
}

void snapshot_end(struct queen *queen)
{
    reset(queen);
}

/* Some of the live subscriptions may not be there. */
static void note_unacknowledged(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    if (snapshot->stage == SNAPSHOT_LIVE && snapshot->pending > 0)
        snapshot->unacknowledged = true;
}

bool snapshot_marker(struct queen *queen, struct text correlation)
{
    uint64_t token;
    if (!is_reading(queen) || text_to_hex64(correlation, &token) != OK || token != queen->snapshot.marker)
        return false;
    note_unacknowledged(queen);
    return end_passes(queen);
}

void snapshot_copy(struct queen *queen, enum topic_kind kind)
{
    queen->snapshot.progress_at = queen->now;
    queen->snapshot.copies += kind != TOPIC_VERDICT || queen->snapshot.stage == SNAPSHOT_OWN;
}

ms_t snapshot_deadline(const struct queen *queen)
{
    const struct snapshot *snapshot = &queen->snapshot;
    if (is_reading(queen))
        return snapshot->progress_at + READ_TIMEOUT_MS + 2 * queen->fit.facts.connect_ms;
    if (snapshot->phase == SNAPSHOT_NONE)
        return MS_NEVER;
    if (snapshot->stage == SNAPSHOT_COUNT)
        return snapshot->progress_at + COUNT_EVERY_MS;
    return ms_min(snapshot->again_at, snapshot->completeness.check_until);
}

bool snapshot_tick(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    if (snapshot_deadline(queen) > queen->now)
        return false;
    if (is_reading(queen))
        return read_again(queen);
    if (snapshot->stage == SNAPSHOT_COUNT)
        count_missing(queen);
    if (snapshot->completeness.check_until <= queen->now)
        completeness_conclude(queen);
    if (snapshot->again_at <= queen->now) {
        begin_stage(queen, SNAPSHOT_HIVES);
        (void)read_next(queen);
    }
    return false;
}
