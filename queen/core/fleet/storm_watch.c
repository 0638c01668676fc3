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
}

size_t storm_watch_online_before(const struct storm_watch *watch)
{
    return watch->online[(watch->second + 1) % (STORM_AGO_S + 1)]; /* the one that is replaced next */
}

size_t storm_watch_limit(const struct storm_watch *watch)
{
    size_t part = storm_watch_online_before(watch) * STORM_PERCENT / 100;
    return part > STORM_LOSSES_MIN ? part : STORM_LOSSES_MIN;
}

void storm_watch_begin(struct storm_watch *watch, uint8_t link)
{
    watch->link = link;
    watch->lost = 0;
    watch->exceeded = false;
}

/* Whoever was counted on another link is not by now. */
static bool is_counted(const struct storm_watch *watch, const struct record *record)
{
    return watch->link != 0 && record->lost_on == watch->link;
}

void storm_watch_count(struct storm_watch *watch, struct record *record, ms_t time)
{
    if (watch->link == 0)
        return;
    watch->lost += !is_counted(watch, record);
    record->lost_on = watch->link & 15;
    storm_watch_turn(watch, time);
}

void storm_watch_uncount(struct storm_watch *watch, struct record *record)
{
    watch->lost -= is_counted(watch, record);
    record->lost_on = 0;
}

bool storm_watch_is_exceeded(const struct storm_watch *watch)
{
    return watch->lost > storm_watch_limit(watch);
}

bool storm_watch_is_on(const struct storm_watch *watch, ms_t time)
{
    return storm_watch_is_exceeded(watch) || (watch->exceeded && time - watch->exceeded_at <= STORM_AFTER_MS);
}

void storm_watch_turn(struct storm_watch *watch, ms_t time)
{
    if (!storm_watch_is_exceeded(watch))
        return;
    watch->exceeded = true;
    watch->exceeded_at = time;
}
