#include "tenants.h"

#include <utlist.h>

#include "rations.h"

static enum tenure tenure_of(const struct record *record)
{
    if (record->expected)
        return TENURE_EXPECTED;
    if (!record->established)
        return TENURE_WEAK;
    return record->state == STATE_ONLINE ? TENURE_LIVE : TENURE_IDLE;
}

static enum ration ration_of(const struct record *record, enum tenure tenure)
{
    if (record_is_hive(record))
        return RATION_HIVES;
    return tenure == TENURE_EXPECTED ? RATION_EXPECTED : RATION_WORKERS;
}

static bool is_weak_worker(const struct record *record, enum tenure tenure)
{
    return tenure == TENURE_WEAK && !record_is_hive(record);
}

static bool is_lost(const struct record *record)
{
    return record->state == STATE_SUSPECT || record->state == STATE_STALE || record->state == STATE_OFFLINE ||
           record->state == STATE_UNREACHABLE;
}

static void enter_lists(struct shares *shares, struct record *record, enum tenure tenure)
{
    record->tenure = (uint8_t)tenure;
    DL_APPEND2(record->share->tenants[tenure], record, tenant_prev, tenant_next);
    if (!is_weak_worker(record, tenure))
        return;
    DL_APPEND2(shares->weak, record, weak_prev, weak_next);
    shares->weak_count++;
}

/* Of its tenure: it is the first to go. */
static void go_first(struct shares *shares, struct record *record)
{
    struct record **tenants = &record->share->tenants[record->tenure];
    DL_DELETE2(*tenants, record, tenant_prev, tenant_next);
    DL_PREPEND2(*tenants, record, tenant_prev, tenant_next);
    if (!is_weak_worker(record, record->tenure))
        return;
    DL_DELETE2(shares->weak, record, weak_prev, weak_next);
    DL_PREPEND2(shares->weak, record, weak_prev, weak_next);
}

static void leave_lists(struct shares *shares, struct record *record)
{
    DL_DELETE2(record->share->tenants[record->tenure], record, tenant_prev, tenant_next);
    if (!is_weak_worker(record, record->tenure))
        return;
    DL_DELETE2(shares->weak, record, weak_prev, weak_next);
    shares->weak_count--;
}

static void count(struct shares *shares, struct share *share, const struct record *record, enum tenure tenure)
{
    share_add(shares, share, ration_of(record, tenure), 1);
    if (is_weak_worker(record, tenure))
        share_add(shares, share, RATION_WEAK, 1);
}

/* The share may end with it. */
static void uncount(struct shares *shares, struct share *share, const struct record *record, enum tenure tenure)
{
    if (is_weak_worker(record, tenure))
        share_remove(shares, share, RATION_WEAK, 1);
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

static void list_documents(struct record *record)
{
    if (record->established)
        DL_APPEND2(record->share->documents, record, document_prev, document_next);
    else
        DL_PREPEND2(record->share->documents, record, document_prev, document_next);
}

void tenants_documents(struct record *record, bool has_some)
{
    if (has_some)
        list_documents(record);
    else
        DL_DELETE2(record->share->documents, record, document_prev, document_next);
}

/* Its new place is counted before the old one is not any more, so that the share does not end in between. */
static void move(struct shares *shares, struct record *record, enum tenure tenure)
{
    enum tenure before = (enum tenure)record->tenure;
    leave_lists(shares, record);
    enter_lists(shares, record, tenure);
    count(shares, record->share, record, tenure);
    uncount(shares, record->share, record, before);
}

void tenants_update(struct shares *shares, struct record *record)
{
    enum tenure tenure = tenure_of(record);
    if (tenure != record->tenure)
        move(shares, record, tenure);
    else if (tenure == TENURE_WEAK && is_lost(record))
        go_first(shares, record);
}

/* True: so long after the first live sign that it is established by this one. */
static bool establishes(struct record *record, ms_t now)
{
    ms_t needed = record->interval_ms == INT_ABSENT ? RATION_ESTABLISHED_MS : ms_max(record->interval_ms, 1000);
    if (record->heard_first == 0)
        record->heard_first = ms_max(now, 1);
    return !record->established && now - record->heard_first >= ms_min(needed, RATION_ESTABLISHED_MS);
}

/* Behind the weak, since it is none any more. */
static void relist_documents(struct record *record)
{
    if (!record->document && !record->witness)
        return;
    tenants_documents(record, false);
    tenants_documents(record, true);
}

void tenants_heard(struct shares *shares, struct record *record, ms_t now)
{
    if (record->established)
        return;
    if ((record->established = establishes(record, now))) {
        relist_documents(record);
        tenants_update(shares, record);
    } else if (record->tenure == TENURE_WEAK) { /* the last to go of those */
        leave_lists(shares, record);
        enter_lists(shares, record, TENURE_WEAK);
    }
}

static struct record *least_sure(const struct share *share, enum tenure from, enum tenure to)
{
    for (enum tenure tenure = from; tenure <= to; tenure++)
        if (share->tenants[tenure])
            return share->tenants[tenure];
    return NULL;
}

/* The first of a list of weak ones, if it is lost or was silent for long: those who are lost stand before the others.
 */
static struct record *if_silent(struct record *weak, ms_t now)
{
    ms_t since = weak && weak->received_mono != MS_NEVER ? weak->received_mono : weak ? weak->since_mono : now;
    return (weak && is_lost(weak)) || now - since >= RATION_SILENT_MS ? weak : NULL;
}

/* What one of `count` shares of a bound would be, taken so many times smaller. */
static size_t part(size_t bound, const struct heap *shares, unsigned smaller)
{
    return bound / (smaller * shares->len);
}

/* The hive that has most of the hardly alive, unless those are spread over many hives, whose names then say nothing; a
 * small hive loses none. Then whoever was silent for long: of the own hive, if most of it is hardly alive, so that a
 * hive grows no faster than it gets established; or of any. At last the hive that has most workers, but for the sake of
 * a hive of at least half an equal share nobody who is established and online. */
static struct record *worker_victim(const struct shares *shares, const struct share *own, size_t max, ms_t now)
{
    const struct share *weakest = share_greatest(shares, RATION_WEAK),
                       *largest = share_greatest(shares, RATION_WORKERS);
    const struct heap *all = &shares->greatest[RATION_WORKERS];
    size_t small = part(max, all, RATION_SMALL_PART);
    size_t has = own ? own->has[RATION_WORKERS] : 0, weak = own ? own->has[RATION_WEAK] : 0;
    bool stands_out = weakest && weakest->has[RATION_WEAK] >= shares->weak_count / RATION_SMALL_PART;
    struct record *silent = NULL;
    if (stands_out && weakest->has[RATION_WEAK] > weak && weakest->has[RATION_WORKERS] > small)
        return weakest->tenants[TENURE_WEAK];
    if (has > small && weak > has / 2)
        return if_silent(own->tenants[TENURE_WEAK], now);
    if (!stands_out && (silent = if_silent(shares->weak, now)))
        return silent;
    if (largest->has[RATION_WORKERS] <= has)
        return NULL;
    return least_sure(largest, stands_out ? TENURE_WEAK : TENURE_IDLE,
                      has < part(max, all, 2) ? TENURE_LIVE : TENURE_IDLE);
}

struct record *tenants_victim(const struct shares *shares, struct text hive, size_t max, ms_t now)
{
    const struct share *own = share_find(shares, hive);
    if (!hive.at)
        return own ? if_silent(own->tenants[TENURE_WEAK], now) : NULL;
    return share_greatest(shares, RATION_WORKERS) ? worker_victim(shares, own, max, now) : NULL;
}

/* As for workers: those of the hardly alive make room for all others, those of the rest for a hive that has less than
 * half an equal share; for one who is hardly alive itself, a small one. */
struct record *tenants_document_victim(const struct shares *shares, const struct record *record, size_t more,
                                       size_t max)
{
    const struct share *greatest = share_greatest(shares, RATION_BYTES), *own = record->share;
    size_t would_have = own->has[RATION_BYTES] + more;
    if (!greatest)
        return NULL;
    if (would_have >= greatest->has[RATION_BYTES]) /* among its own the hardly alive ones' first */
        return record->established && own->documents && !own->documents->established ? own->documents : NULL;
    if (greatest->documents->established &&
        would_have >= part(max, &shares->greatest[RATION_BYTES], record->established ? 2 : RATION_SMALL_PART))
        return NULL;
    return greatest->documents;
}
