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
    if (record->heard_first == 0)
        record->heard_first = (uint32_t)now ? (uint32_t)now : 1;
    return !record->established &&
           (uint32_t)now - record->heard_first >= (uint32_t)ms_min(needed, RATION_ESTABLISHED_MS);
}

void tenants_heard(struct shares *shares, struct record *record, ms_t now)
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
    for (unsigned left = RATION_LOOKS; record && left > 0; record = record->tenant_next, left--)
        if (!record->confirm && !record->owed)
            return record;
    return first;
}

static struct record *least_sure(const struct share *share, enum tenure from, enum tenure to)
{
    for (enum tenure tenure = from; tenure <= to; tenure++)
        if (share->tenants[tenure])
            return settled(share->tenants[tenure]);
    return NULL;
}

/* Of lists of the hardly alive: the first that is lost, or was silent for long. */
static struct record *silent(struct record *const lists[], ms_t now)
{
    const struct record *weak = lists[TENURE_WEAK];
    ms_t since = !weak ? now : weak->received_mono != MS_NEVER ? weak->received_mono : weak->since_mono;
    return lists[TENURE_GONE] || now - since < RATION_SILENT_MS ? lists[TENURE_GONE] : lists[TENURE_WEAK];
}

/* Nobody of its hive is online, which is one of many: somebody makes one for each job. Or it was down for long. */
static bool is_left_behind(const struct shares *shares, const struct record *record, ms_t now)
{
    size_t all = shares->total[weakness_of(record, record->tenure)];
    return record->share->states[STATE_ONLINE] == 0 && record->share->has[RATION_EXPECTED] == 0 &&
           record->share->has[RATION_WORKERS] <= all / RATION_SMALL_PART &&
           (record->state == STATE_OFFLINE || now - record->since_mono >= RATION_DOWN_MS);
}

static struct record *left_behind(const struct shares *shares, enum tenure tenure, ms_t now)
{
    struct record *record = shares->yielding[tenure];
    for (unsigned left = RATION_LOOKS; record && left > 0; record = record->yield_next, left--)
        if (is_left_behind(shares, record, now))
            return record;
    return NULL;
}

/* What one of `count` shares of a bound would be, taken so many times smaller. */
static size_t part(size_t bound, const struct heap *shares, unsigned smaller)
{
    return bound / (smaller * shares->len);
}

/* The hive that has most of the hardly alive, unless those are spread over many hives, whose names then say nothing, or
 * a hive has more that are lost: else those who live would push each other out while the lost stay; a small hive loses
 * none. Then who is lost: of the own hive, or of one of many that are. Then whoever was silent for
 * long: of the own hive, if most of it is hardly alive, so that a hive grows no faster than it gets established; or of
 * any. At last the hive that has most of the lost, or most workers, if it is larger, but for the sake of a hive of at
 * least half an equal share nobody who is established and lives. */
static struct record *worker_victim(const struct shares *shares, const struct share *own, size_t max, ms_t now)
{
    const struct share *weakest = share_greatest(shares, RATION_WEAK), *lost = share_greatest(shares, RATION_LOST),
                       *largest = share_greatest(shares, RATION_WORKERS);
    const struct heap *all = &shares->greatest[RATION_WORKERS];
    size_t small = part(max, all, RATION_SMALL_PART);
    size_t has = own ? own->has[RATION_WORKERS] : 0, weak = own ? own->has[RATION_WEAK] : 0;
    bool stands_out = weakest && weakest->has[RATION_WEAK] >= shares->total[RATION_WEAK] / RATION_SMALL_PART;
    bool are_more_lost = lost && (!weakest || lost->has[RATION_LOST] > weakest->has[RATION_WEAK]) &&
                         lost->has[RATION_WORKERS] > has && lost->has[RATION_WORKERS] > small;
    struct record *victim = NULL;
    if (!are_more_lost && stands_out && weakest->has[RATION_WEAK] > weak && weakest->has[RATION_WORKERS] > small)
        return least_sure(weakest, TENURE_GONE, TENURE_WEAK);
    if ((own && (victim = least_sure(own, TENURE_GONE, TENURE_LOST))) ||
        (victim = left_behind(shares, TENURE_GONE, now)) || (victim = left_behind(shares, TENURE_LOST, now)))
        return victim;
    if (are_more_lost)
        return settled(lost->tenants[TENURE_LOST]);
    if (has > small && weak > has / 2)
        return silent(own->tenants, now);
    if (!stands_out && (victim = silent(shares->yielding, now)))
        return victim;
    if (lost && lost->has[RATION_WORKERS] > has && lost->has[RATION_WORKERS] > small)
        return settled(lost->tenants[TENURE_LOST]);
    if (largest->has[RATION_WORKERS] <= has)
        return NULL;
    return least_sure(largest, TENURE_GONE,
                      has < part(max, all, 2) ? TENURE_LIVE
                      : stands_out            ? TENURE_WEAK
                                              : TENURE_LOST);
}

struct record *tenants_victim(const struct shares *shares, struct text hive, size_t max, ms_t now)
{
    const struct share *own = share_find(shares, hive);
    struct record *victim = NULL;
    if (hive.at)
        return share_greatest(shares, RATION_WORKERS) ? worker_victim(shares, own, max, now) : NULL;
    return !own || (victim = silent(own->tenants, now)) ? victim : own->tenants[TENURE_LOST];
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
        would_have >= part(max, &shares->greatest[RATION_BYTES], record->established ? 2 : RATION_SMALL_PART))
        return NULL;
    return greatest->documents;
}
