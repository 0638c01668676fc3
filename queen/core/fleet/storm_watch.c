#include "storm_watch.h"

static uint32_t *at_second(struct storm_watch *watch, int64_t second)
{
    return &watch->online[second % (STORM_AGO_S + 1)];
}

/* Seconds that were left out had what is so now. */
void storm_watch_online(struct storm_watch *watch, ms_t time, size_t online)
{
    int64_t second = time / 1000, first = ms_max(watch->second + 1, second - STORM_AGO_S);
    for (int64_t left_out = first; left_out <= second; left_out++)
        *at_second(watch, left_out) = (uint32_t)online;
    watch->second = ms_max(watch->second, second);
    watch->online_now = (uint32_t)online;
}

size_t storm_watch_online_before(const struct storm_watch *watch)
{
    return watch->online[(watch->second + 1) % (STORM_AGO_S + 1)]; /* the one that is replaced next */
}

static size_t limit_of(size_t online)
{
    size_t part = online * STORM_PERCENT / 100;
    return part > STORM_LOSSES_MIN ? part : STORM_LOSSES_MIN;
}

size_t storm_watch_limit(const struct storm_watch *watch)
{
    return limit_of(storm_watch_online_before(watch));
}

void storm_watch_begin(struct storm_watch *watch, struct shares *shares, uint32_t link)
{
    shares_forget(shares, RATION_LOSSES);
    watch->link = link;
    watch->until = 0;
}

bool storm_watch_is_exceeded(const struct storm_watch *watch, const struct shares *shares)
{
    return shares->total[RATION_LOSSES] > storm_watch_limit(watch);
}

static size_t online_of(const struct share *share)
{
    return share->states[STATE_ONLINE] + share->has[RATION_LOSSES];
}

/* Of itself, it alone is many. */
static bool is_much_of(const struct share *share)
{
    return share->has[RATION_LOSSES] > 1 && share->has[RATION_LOSSES] * 100 > online_of(share) * STORM_PERCENT;
}

static size_t without(size_t all, size_t some)
{
    return all > some ? all - some : 0;
}

/* Where that hive is left out, of which nobody knows how many were online before: those that came since then are not to
 * be taken from those that were. */
static size_t online_of_others(const struct storm_watch *watch, const struct share *hive)
{
    size_t before = without(storm_watch_online_before(watch), online_of(hive));
    size_t now = without(watch->online_now, hive->states[STATE_ONLINE]);
    return before > now ? before : now;
}

/* The limit is exceeded, also where the hive that has most losses is left out. */
static bool are_of_many(const struct storm_watch *watch, const struct shares *shares)
{
    const struct share *greatest = share_greatest(shares, RATION_LOSSES);
    return greatest &&
           shares->total[RATION_LOSSES] - greatest->has[RATION_LOSSES] > limit_of(online_of_others(watch, greatest));
}

static void turn_of(struct storm_watch *watch, const struct shares *shares, struct share *share, ms_t time)
{
    storm_watch_turn(watch, shares, time);
    if (!storm_watch_is_exceeded(watch, shares) || !is_much_of(share))
        return;
    share->storm_on = watch->link;
    share->storm_until = time + STORM_AFTER_MS + 1;
}

/* Whoever was counted on another link is not by now. */
bool storm_watch_counts(const struct storm_watch *watch, const struct record *record)
{
    return watch->link != 0 && record->lost_on == watch->link;
}

void storm_watch_count(struct storm_watch *watch, struct shares *shares, struct share *share, struct record *record,
                       ms_t time)
{
    if (watch->link == 0)
        return;
    if (!storm_watch_counts(watch, record))
        share_add(shares, share, RATION_LOSSES, 1);
    record->lost_on = watch->link;
    turn_of(watch, shares, share, time);
}

void storm_watch_uncount(struct storm_watch *watch, struct shares *shares, struct share *share, struct record *record,
                         ms_t time)
{
    if (storm_watch_counts(watch, record)) {
        turn_of(watch, shares, share, time);
        share_remove(shares, share, RATION_LOSSES, 1);
    }
    record->lost_on = 0;
}

bool storm_watch_is_on(struct storm_watch *watch, const struct shares *shares, struct share *share, ms_t time)
{
    turn_of(watch, shares, share, time);
    return time < watch->until || (share->storm_on == watch->link && time < share->storm_until);
}

void storm_watch_turn(struct storm_watch *watch, const struct shares *shares, ms_t time)
{
    if (storm_watch_is_exceeded(watch, shares) && are_of_many(watch, shares))
        watch->until = time + STORM_AFTER_MS + 1;
}
