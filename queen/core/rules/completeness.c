#include "completeness.h"

#define COUNT_LOOKS 2000  /* records in one step: about 0.2 ms */
#define SMALL_PASS 100    /* copies: no limit should be so low, so that they are taken for all meanwhile */
#define COMMON_LIMIT 1000 /* copies in one pass: ejabberd's match_retained_limit */
#define CHECK_MS 60000    /* a broker that counts says so within that time */
#define AT_ONCE_MS 60000  /* from the live view on */
#define AGAIN_MS 30000
#define AGAIN_MAX_MS (10 * 60 * 1000)
#define IDLE_MAX 3 /* times that nobody new was shown, and whoever is missing is not stored */

/* Of `shown` the upper bits are the link's, the lower ones the kinds of its copies. */
#define KIND_BITS 3

static uint16_t link_of(const struct queen *queen)
{
    return (uint16_t)(queen->epoch % (UINT16_MAX >> KIND_BITS) + 1);
}

static bool was_shown(const struct queen *queen, const struct record *record)
{
    return record->shown >> KIND_BITS == link_of(queen);
}

void completeness_saw_device(struct queen *queen, struct record *record)
{
    queen->snapshot.completeness.added += record->state == STATE_NONE;
    if (!was_shown(queen, record))
        record->shown = (uint16_t)(link_of(queen) << KIND_BITS);
}

void completeness_saw(struct queen *queen, struct record *record, const struct topic *topic)
{
    struct completeness *completeness = &queen->snapshot.completeness;
    unsigned bit = topic->kind <= TOPIC_WORKER_WITNESS ? 1u << topic->kind : 0;
    completeness_saw_device(queen, record);
    completeness->distinct += bit && !(record->shown & bit);
    record->shown = (uint16_t)(record->shown | bit);
}

/* It was not the last time, or the broker has less than it should have: at once, then ever later. Somebody may store
 * new ones for ever, and all is read for each. */
static void read_again(struct queen *queen, bool at_once)
{
    struct snapshot *snapshot = &queen->snapshot;
    snapshot->again_wait = at_once && queen->now - snapshot->live_at < AT_ONCE_MS
                               ? 0
                               : ms_min(ms_max(2 * snapshot->again_wait, AGAIN_MS), AGAIN_MAX_MS);
    snapshot->again_at = queen->now + snapshot->again_wait;
}

/* A live birth comes first, unless it came before the live subscriptions: then its copy was stored. A beat that came
 * later than that is not the first. */
void completeness_missed(struct queen *queen, const struct incarnation_claim *claim, int64_t retain_s)
{
    struct snapshot *snapshot = &queen->snapshot;
    if (!queen_sees(queen) || claim->session == 0 || claim->connection == 0 || retain_s == INT_ABSENT ||
        claim->seq < 1 || registry_is_full(&queen->registry, false))
        return;
    if (snapshot->stage != SNAPSHOT_IDLE || snapshot->completeness.verdict != SNAPSHOT_COMPLETE)
        return;
    snapshot->completeness.verdict = SNAPSHOT_INCOMPLETE;
    read_again(queen, snapshot->again_wait == 0);
}

void completeness_begin(struct queen *queen)
{
    struct completeness *completeness = &queen->snapshot.completeness;
    struct completeness before = *completeness;
    *completeness = (struct completeness){ .verdict = before.verdict,
                                           .idle = before.idle,
                                           .distinct = before.distinct,
                                           .lacking = before.lacking,
                                           .counts_drops = before.counts_drops,
                                           .knows_before = before.knows_before,
                                           .dropped_before = before.spans > 0 ? before.dropped_before : before.dropped,
                                           .dropped = before.dropped,
                                           .spans = before.spans + 1,
                                           .check_until = MS_NEVER };
    queen->snapshot.again_at = MS_NEVER;
}

void completeness_note_passes(struct completeness *completeness, size_t copies, unsigned passes)
{
    completeness->largest = copies > completeness->largest ? copies : completeness->largest;
    completeness->limited |= passes == 1 && copies == COMMON_LIMIT;
}

void completeness_note_retention(struct queen *queen, struct record *record, int64_t retain_s)
{
    uint32_t seconds = retain_s == INT_ABSENT ? 0 : (uint32_t)retain_s;
    if (record->retain_s != seconds)
        roll_mark(&queen->registry.roll, record);
    record->retain_s = seconds;
}

uint32_t completeness_kept_s(const struct record *record)
{
    int64_t cap = record->share ? record->share->age.cap : 0;
    return cap > 0 ? (uint32_t)ms_min(record->retain_s, cap) : record->retain_s;
}

/* What a stored copy must show: received over MQTT, on this link or an earlier one, also by an earlier process, and not
 * expired since. */
static bool is_missing(const struct queen *queen, const struct record *record)
{
    return !queen->fit.facts.no_retain && !record->over_http && !was_shown(queen, record) &&
           !queen_received_live(queen, record) && record->received_mono != MS_NEVER &&
           queen->now - record->received_mono < (ms_t)completeness_kept_s(record) * 1000;
}

/* A hive that is there writes a witness of each of its workers. */
static size_t absent_of(const struct queen *queen, const struct record *hive)
{
    const struct share *share = share_find(&queen->registry.shares, text_of(record_hive(hive)));
    size_t has = hive->watch->workers ? hive->watch->workers - 1 : 0, known = share ? share_workers(share) : 0;
    if (hive->state != STATE_ONLINE || has <= known)
        return 0;
    return has - known;
}

/* From now on nothing is missing that is not stored again. */
static void note_unstored(struct queen *queen, struct record *record, size_t count)
{
    queen->snapshot.completeness.unstored += count;
    if (record_is_hive(record))
        record->watch->workers = 0;
    else
        completeness_note_retention(queen, record, INT_ABSENT);
}

bool completeness_count(struct queen *queen)
{
    struct completeness *completeness = &queen->snapshot.completeness;
    const struct roll *roll = &queen->registry.roll;
    size_t place = roll_after(roll, completeness->count_next), end = place + COUNT_LOOKS;
    bool give_up = completeness->idle >= IDLE_MAX && completeness->added == 0;
    for (; place < roll->count && place < end; place++) {
        struct record *record = roll->entries[place].record;
        size_t missing = record && !record_is_hive(record) && is_missing(queen, record);
        size_t absent = record && record_is_hive(record) ? absent_of(queen, record) : 0;
        completeness->count_next = roll->entries[place].number;
        if (give_up && missing + absent > 0) {
            note_unstored(queen, record, missing + absent);
            continue;
        }
        completeness->missing += missing;
        completeness->absent += absent;
    }
    return place >= roll->count;
}

/* With d dropped of n stored copies in both covers, d = (n - by hive) + (n - over all), or less if not all hives are
 * known. Where it has not dropped any for long it is not known how many it had before. */
static size_t lacking(const struct completeness *completeness)
{
    size_t dropped, stored;
    unsigned spans = completeness->spans > 0 ? completeness->spans : 1; /* 0: not even the queen's own could be read */
    if (completeness->dropped == completeness->dropped_before)
        return 0;
    if (!completeness->knows_before)
        return 1;
    dropped = (size_t)(completeness->dropped - completeness->dropped_before) / spans;
    stored = completeness->by_hive ? (dropped + completeness->by_hive + completeness->over_all + 1) / 2
                                   : dropped + completeness->over_all;
    return stored > completeness->distinct ? stored - completeness->distinct : 0;
}

/* Without the broker's own count the one that brought less was cut, and perhaps both. */
static bool was_cut(const struct completeness *completeness)
{
    bool differs = completeness->by_hive > completeness->over_all;
    return completeness->cut > 0 || completeness->lacking > 0 ||
           (!completeness->counts_drops && (differs || completeness->limited));
}

static void report_unstored(struct queen *queen)
{
    outbox_notice_always(queen->out,
                         "the broker has not stored %zu workers that it should have: it was read %d times more, and "
                         "they were not shown",
                         queen->snapshot.completeness.unstored, IDLE_MAX);
    queen->snapshot.completeness.unstored = 0;
}

void completeness_conclude(struct queen *queen)
{
    struct snapshot *snapshot = &queen->snapshot;
    struct completeness *completeness = &snapshot->completeness;
    bool cut, lacks, reads_on;
    completeness->check_until = MS_NEVER;
    completeness->lacking = lacking(completeness);
    cut = was_cut(completeness);
    lacks = cut || completeness->missing + completeness->absent > 0;
    reads_on = lacks || completeness->added > 0;
    completeness->verdict = lacks ? SNAPSHOT_INCOMPLETE : reads_on ? SNAPSHOT_CHECKING : SNAPSHOT_COMPLETE;
    if (completeness->unstored > 0)
        report_unstored(queen);
    if (cut)
        snapshot->burst = SNAPSHOT_BURST;
    else if (!reads_on)
        snapshot->burst = completeness->largest > snapshot->burst ? completeness->largest : snapshot->burst;
    snapshot->alone |= lacks;
    if (reads_on)
        read_again(queen, completeness->added > 0);
}

void completeness_check(struct queen *queen)
{
    struct completeness *completeness = &queen->snapshot.completeness;
    completeness->idle = completeness->added > 0 ? 0 : completeness->idle + 1;
    if (!completeness->counts_drops || completeness->largest <= SMALL_PASS)
        completeness_conclude(queen);
    if (completeness->counts_drops)
        completeness->check_until = queen->now + CHECK_MS;
}

/* mosquitto publishes only what has changed, and its stored copy expires after a minute. */
void completeness_sys(struct queen *queen, struct text name, const struct message *message)
{
    struct completeness *completeness = &queen->snapshot.completeness;
    int64_t count;
    if (text_to_int(message->payload, &count) != OK || count < 0)
        return;
    completeness->counts_drops = true;
    if (text_is(name, "dropped"))
        completeness->dropped = (uint64_t)count;
    if (text_is(name, "dropped") && message->retain) {
        completeness->dropped_before = (uint64_t)count;
        completeness->knows_before = true;
    } else if (text_is(name, "sent") && !message->retain && queen->snapshot.stage == SNAPSHOT_IDLE) {
        if (completeness->check_until != MS_NEVER)
            completeness_conclude(queen);
        completeness->knows_before |= completeness->dropped > 0;
        completeness->spans = 0;
    }
}

struct completeness_numbers completeness_numbers(const struct queen *queen)
{
    const struct completeness *completeness = &queen->snapshot.completeness;
    size_t known = queen->registry.count;
    size_t missing = completeness->missing < known ? completeness->missing : known;
    return (struct completeness_numbers){ known - missing, known + completeness->absent + completeness->lacking };
}
