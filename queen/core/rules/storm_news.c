#include "storm_news.h"

#include "change.h"

#define ANNOUNCE_MS 1000 /* the limit is exceeded for so long */
#define AGAIN_MS 60000   /* and so long since the last: one hive may begin one after the other */

static void forget_numbers(struct storm *storm)
{
    storm->most = storm->held;
    storm->in_all = storm->returned = 0;
}

static void publish_begin(struct queen *queen)
{
    const struct storm_watch *watch = &queen->storm.watch;
    struct fleet_count counts[] = { { "lost", queen->registry.shares.total[RATION_LOSSES] },
                                    { "online_before", storm_watch_online_before(watch) } };
    uint64_t id = change_publish_fleet(queen, "storm_begins", counts, ARRAY_LEN(counts));
    queen->counters.storms++;
    queen->storm.announced = true;
    queen->storm.again_at = queen->watch.time + AGAIN_MS;
    queen->out->failed |= incident_storm(&queen->incidents, id, queen->wall) != OK;
}

static void publish_end(struct queen *queen)
{
    struct storm *storm = &queen->storm;
    struct fleet_count counts[] = { { "held", storm->in_all }, { "returned", storm->returned } };
    if (storm->announced) {
        (void)change_publish_fleet(queen, "storm_ends", counts, ARRAY_LEN(counts));
        incident_storm_ended(&queen->incidents, queen->wall);
    }
    storm->announced = storm->lasts = false;
    forget_numbers(storm);
}

static bool may_publish(const struct queen *queen)
{
    return !queen->announcing.held && announce_has_event_room(&queen->announcing);
}

static ms_t announces_at(const struct storm *storm)
{
    if (storm->announced || (storm->exceeds_since == MS_NEVER && !storm->lasts))
        return MS_NEVER;
    return ms_max(storm->lasts ? 0 : storm->exceeds_since + ANNOUNCE_MS, storm->again_at);
}

void storm_step(struct queen *queen)
{
    struct storm *storm = &queen->storm;
    bool exceeds = storm->watch.link != 0 && storm_watch_is_exceeded(&storm->watch, &queen->registry.shares);
    storm_watch_online(&storm->watch, queen->watch.time, queen->registry.counts[STATE_ONLINE]);
    storm_watch_turn(&storm->watch, &queen->registry.shares, queen->watch.time);
    if (!exceeds)
        storm->exceeds_since = MS_NEVER;
    else if (storm->exceeds_since == MS_NEVER)
        storm->exceeds_since = queen->watch.time;
    storm->lasts |= exceeds && storm->exceeds_since + ANNOUNCE_MS <= queen->watch.time;
    if (!may_publish(queen))
        return;
    if (announces_at(storm) <= queen->watch.time)
        publish_begin(queen);
    if (storm->held == 0 && !exceeds)
        publish_end(queen);
}

ms_t storm_deadline(const struct queen *queen)
{
    return may_publish(queen) ? announces_at(&queen->storm) : MS_NEVER;
}

void storm_begin(struct queen *queen)
{
    storm_watch_begin(&queen->storm.watch, &queen->registry.shares, queen->epoch);
    queen->storm.exceeds_since = MS_NEVER;
    memset(queen->storm.last_hive, 0, sizeof queen->storm.last_hive);
    queen->storm.announced = incident_storm_is_open(&queen->incidents); /* by an earlier process: it ends now */
}

void storm_link_lost(struct queen *queen)
{
    storm_watch_begin(&queen->storm.watch, &queen->registry.shares, 0);
    queen->storm.exceeds_since = MS_NEVER;
    if (!queen->announcing.held)
        publish_end(queen);
}
