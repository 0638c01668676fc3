#include "tenants.h"

#include <utlist.h>

#include "rations.h"

static bool is_lost(const struct record *record)
{
    return record->state == STATE_OFFLINE ||
           (!record_is_hive(record) && (record->state == STATE_STALE || record->state == STATE_UNREACHABLE));
}

static enum tenure tenure_of(const struct record *record)
{
    if (record->ended)
        return TENURE_ENDED;
    if (record->expected)
        return TENURE_EXPECTED;
    if (record->established)
        return is_lost(record) ? TENURE_LOST : TENURE_LIVE;
    return is_lost(record) || record->state == STATE_SUSPECT || record->state == STATE_STALE ? TENURE_GONE
                                                                                             : TENURE_WEAK;
}

static enum ration ration_of(const struct record *record, enum tenure tenure)
{
    if (record_is_hive(record))
        return RATION_HIVES;
    if (tenure == TENURE_ENDED)
        return RATION_ENDS;
    return tenure == TENURE_EXPECTED ? RATION_EXPECTED : RATION_WORKERS;
}

/* What else a worker of that tenure is counted as; RATION_COUNT: nothing. */
static enum ration weakness_of(const struct record *record, enum tenure tenure)
{
    if (record_is_hive(record) || tenure >= TENURE_LIVE)
        return RATION_COUNT;
    return tenure == TENURE_LOST ? RATION_LOST : RATION_WEAK;
}

static void enter_lists(struct shares *shares, struct record *record, enum tenure tenure)
{
    record->tenure = (uint8_t)tenure;
    DL_APPEND2(record->share->tenants[tenure], record, tenant_prev, tenant_next);
    if (weakness_of(record, tenure) != RATION_COUNT)
        DL_APPEND2(shares->yielding[tenure], record, yield_prev, yield_next);
}

static void leave_lists(struct shares *shares, struct record *record)
{
    DL_DELETE2(record->share->tenants[record->tenure], record, tenant_prev, tenant_next);
    if (weakness_of(record, record->tenure) != RATION_COUNT)
        DL_DELETE2(shares->yielding[record->tenure], record, yield_prev, yield_next);
}

static void count(struct shares *shares, struct share *share, const struct record *record, enum tenure tenure)
{
    share_add(shares, share, ration_of(record, tenure), 1);
    if (weakness_of(record, tenure) != RATION_COUNT)
        share_add(shares, share, weakness_of(record, tenure), 1);
}

/* The share may end with it. */
static void uncount(struct shares *shares, struct share *share, const struct record *record, enum tenure tenure)
{
    if (weakness_of(record, tenure) != RATION_COUNT)
        share_remove(shares, share, weakness_of(record, tenure), 1);
    share_remove(shares, share, ration_of(record, tenure), 1);
}

void tenants_add(struct shares *shares, struct record *record)
{
    enter_lists(shares, record, tenure_of(record));
    count(shares, record->share, record, record->tenure);
}

void tenants_remove(struct shares *shares, struct record *record)
{
    leave_lists(shares, record);
    uncount(shares, record->share, record, record->tenure);
}

void tenants_documents(struct record *record, bool has_some)
{
    struct record **documents = &record->share->documents;
    if (!has_some)
        DL_DELETE2(*documents, record, document_prev, document_next);
    else if (record->tenure < TENURE_LIVE)
        DL_PREPEND2(*documents, record, document_prev, document_next);
    else
        DL_APPEND2(*documents, record, document_prev, document_next);
}

/* Its new place is counted before the old one is not any more, so that the share does not end in between. */
static void move(struct shares *shares, struct record *record, enum tenure tenure)
{
    enum tenure before = (enum tenure)record->tenure;
    leave_lists(shares, record);
    enter_lists(shares, record, tenure);
    if (record->document || record->witness) {
        tenants_documents(record, false);
        tenants_documents(record, true);
    }
    count(shares, record->share, record, tenure);
    uncount(shares, record->share, record, before);
}

void tenants_update(struct shares *shares, struct record *record)
{
    enum tenure tenure = tenure_of(record);
    if (tenure != record->tenure)
        move(shares, record, tenure);
}

/* True: so long after the first live sign that it is established by this one. */
static bool establishes(struct record *record, ms_t now)
{
    ms_t needed = record->interval_ms == INT_ABSENT ? RATION_ESTABLISHED_MS : ms_max(record->interval_ms, 1000);
    if (record->received_first == 0)
        record->received_first = (uint32_t)now ? (uint32_t)now : 1;
    return (uint32_t)now - record->received_first >= (uint32_t)ms_min(needed, RATION_ESTABLISHED_MS);
}

void tenants_received(struct shares *shares, struct record *record, ms_t now)
{
    if (record->established)
        return;
    if ((record->established = establishes(record, now))) {
        tenants_update(shares, record);
    } else if (record->tenure == TENURE_WEAK) { /* last of those who were silent */
        leave_lists(shares, record);
        enter_lists(shares, record, TENURE_WEAK);
    }
}

/* Of such a list: one whose death is not being confirmed, or still to be announced; else it would never be told. */
static struct record *settled(struct record *first)
{
    struct record *record = first;
    for (unsigned left = RATION_SCANNED; record && left > 0; record = record->tenant_next, left--)
        if (!record->loss && !record->owed)
            return record;
    return NULL;
}

/* Of the tenures up to that one; with `must` at last one that is not settled. */
static struct record *least_sure(const struct share *share, enum tenure to, bool must)
{
    struct record *record = NULL, *first = NULL;
    for (enum tenure tenure = TENURE_GONE; !record && tenure <= to; tenure++) {
        record = settled(share->tenants[tenure]);
        first = first ? first : share->tenants[tenure];
    }
    return record || !must ? record : first;
}

static bool is_silent(const struct record *record, ms_t now)
{
    ms_t since = record->received_mono != MS_NEVER ? record->received_mono : record->since_mono;
    return now - since >= RATION_SILENT_MS;
}

/* One that is hardly alive, and lost or silent for long. */
static struct record *silent(const struct share *share, ms_t now)
{
    struct record *gone = settled(share->tenants[TENURE_GONE]), *weak = settled(share->tenants[TENURE_WEAK]);
    return gone || !weak || !is_silent(weak, now) ? gone : weak;
}

/* Hardly alive ones are many, and no hive stands out: somebody makes up hives, whose names then say nothing. */
static bool are_made_up(const struct shares *shares, size_t room)
{
    const struct share *weakest = share_greatest(shares, RATION_WEAK);
    return shares->total[RATION_WEAK] > room / RATION_SMALL_PART &&
           weakest->has[RATION_WEAK] < shares->total[RATION_WEAK] / RATION_SMALL_PART;
}

/* It said goodbye, and nobody of its hive is online, which is one of many: somebody makes one for each job. */
static bool is_left_behind(const struct shares *shares, const struct record *record)
{
    return record->state == STATE_OFFLINE && record->share->states[STATE_ONLINE] == 0 &&
           record->share->has[RATION_EXPECTED] == 0 &&
           record->share->has[RATION_WORKERS] <= shares->total[weakness_of(record, record->tenure)] / RATION_SMALL_PART;
}

/* Whoever makes room for anybody: lost for long, left behind, or silent in a hive that is made up. */
static struct record *spare(const struct shares *shares, bool made_up, ms_t now)
{
    for (enum tenure tenure = TENURE_GONE; tenure <= (made_up ? TENURE_WEAK : TENURE_LOST); tenure++) {
        struct record *record = shares->yielding[tenure];
        for (unsigned left = RATION_SCANNED; record && left > 0; record = record->yield_next, left--)
            if (!record->loss && !record->owed &&
                (is_left_behind(shares, record) || (made_up && tenure != TENURE_LOST && is_silent(record, now)) ||
                 (is_lost(record) && now - record->since_mono >= RATION_DOWN_MS)))
                return record;
    }
    return NULL;
}

/* Most of that many are hardly alive: it begins, or is a flood. The first few of an equal share do not count. */
static bool is_young(size_t weak, size_t has, size_t equal)
{
    return has > equal / RATION_SMALL_PART && weak > has / 2;
}

/* It would still have more than a hive that has so many, and one more; and not less than so many. */
static bool exceeds(const struct share *share, size_t has, size_t least)
{
    return share && share->has[RATION_WORKERS] > has + 1 && share->has[RATION_WORKERS] >= least;
}

/* Max-min fairness: what a hive has up to an equal share it loses to nobody, and what it has beyond goes to smaller
 * ones; those who live only to one that has less than half an equal share. A young hive takes nobody who lives but of a
 * larger young one, so that it grows no faster than it gets established; and beyond half an equal share all others take
 * of it. So nobody who was evicted and comes back can evict who came instead: it ends. Whose workers come and die all
 * the time has an equal share at most without its dead: who is established for a moment pushes nobody out who begins.
 */
static struct record *worker_victim(const struct shares *shares, const struct share *own, size_t max, ms_t now)
{
    const struct share *weakest = share_greatest(shares, RATION_WEAK), *lost = share_greatest(shares, RATION_LOST),
                       *largest = share_greatest(shares, RATION_WORKERS);
    size_t room = max - shares->total[RATION_EXPECTED], has = own ? own->has[RATION_WORKERS] : 0;
    size_t equal = room / (shares->greatest[RATION_WORKERS].len + (has == 0));
    bool begins = own && is_young(own->has[RATION_WEAK], has, equal), made_up = are_made_up(shares, room);
    bool is_flood = weakest && weakest->has[RATION_WORKERS] >= equal / 2 && /* without the victim, too */
                    is_young(weakest->has[RATION_WEAK] - 1, weakest->has[RATION_WORKERS] - 1, equal);
    enum tenure to = begins || made_up ? TENURE_LOST : has < equal / 2 ? TENURE_LIVE : TENURE_WEAK;
    struct record *victim;
    if (own && has >= equal && (own->tenants[TENURE_GONE] || own->tenants[TENURE_LOST])) /* perhaps none is settled */
        return least_sure(own, TENURE_LOST, false);
    if (is_flood && !made_up && (!begins || exceeds(weakest, has, 0)))
        return least_sure(weakest, TENURE_WEAK, true);
    if ((victim = spare(shares, made_up, now)) || (own && (victim = least_sure(own, TENURE_LOST, false))) ||
        (begins && (victim = silent(own, now))) ||
        (exceeds(lost, has, equal) && (victim = least_sure(lost, TENURE_LOST, false))))
        return victim;
    return exceeds(largest, has, equal) ? least_sure(largest, to, to == TENURE_LIVE) : NULL;
}

struct record *tenants_victim(const struct shares *shares, struct text hive, size_t max, ms_t now)
{
    const struct share *own = share_find(shares, hive);
    struct record *victim = NULL;
    if (hive.at)
        return share_greatest(shares, RATION_WORKERS) ? worker_victim(shares, own, max, now) : NULL;
    return !own || (victim = silent(own, now)) ? victim : own->tenants[TENURE_LOST];
}

struct record *tenants_end(const struct shares *shares, struct text hive)
{
    const struct share *own = share_find(shares, hive), *greatest = share_greatest(shares, RATION_ENDS);
    if (!hive.at)
        return own ? own->tenants[TENURE_ENDED] : NULL;
    return greatest && greatest != own ? greatest->tenants[TENURE_ENDED] : NULL;
}

/* As for workers: those of the hardly alive and the lost make room for all others, those of the rest for a hive that
 * has less than half an equal share; for one who is hardly alive itself, a small one. */
struct record *tenants_document_victim(const struct shares *shares, const struct record *record, size_t more,
                                       size_t max)
{
    const struct share *greatest = share_greatest(shares, RATION_BYTES), *own = record->share;
    size_t would_have = own->has[RATION_BYTES] + more;
    struct record *first = own->documents;
    if (!greatest)
        return NULL;
    if (would_have >= greatest->has[RATION_BYTES]) /* among its own, too */
        return record->established && first && first->tenure < TENURE_LIVE && first != record ? first : NULL;
    if (greatest->documents->tenure >= TENURE_LIVE &&
        would_have >= max / (shares->greatest[RATION_BYTES].len * (record->established ? 2 : RATION_SMALL_PART)))
        return NULL;
    return greatest->documents;
}
