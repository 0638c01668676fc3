#include "step.h"

#include "broker_barrier.h"
#include "forget.h"
#include "hive_poll.h"
#include "hive_review.h"
#include "queen_link.h"
#include "rations.h"
#include "silence.h"
#include "storm_news.h"
#include "verify.h"
#include "verify_wait.h"

static ms_t loop_until(const struct queen *queen)
{
    ms_t due = registry_next_due(&queen->registry, false);
    return due == MS_NEVER ? MS_NEVER : ms_max(due - queen->watch.loop_time, 0);
}

ms_t queen_deadline(struct queen *queen)
{
    ms_t sleep = WATCH_SLEEP_MAX;
    sleep = ms_min(sleep, watch_until(&queen->watch, registry_next_due(&queen->registry, true)));
    sleep = ms_min(sleep, watch_until(&queen->watch, requester_deadline(&queen->asking[ASKING_LOSS])));
    sleep = ms_min(sleep, watch_until(&queen->watch, requester_deadline(&queen->asking[ASKING_INQUIRY])));
    sleep = ms_min(sleep, watch_until(&queen->watch, requester_deadline(&queen->asking[ASKING_NEIGHBOUR])));
    sleep = ms_min(sleep, requester_deadline(&queen->asking[ASKING_VERIFY]) - queen->now);
    sleep = ms_min(sleep, requester_deadline(&queen->asking[ASKING_HIVE]) - queen->now);
    sleep = ms_min(sleep, watch_until(&queen->watch, storm_deadline(queen)));
    sleep = ms_min(sleep, loop_until(queen));
    sleep = ms_min(sleep, ms_min(link_deadline(queen), verify_deadline(queen)) - queen->now);
    sleep = ms_min(sleep, ms_min(queen->announcing.next, queen->write_at) - queen->now);
    sleep = ms_min(sleep, ms_min(verify_wait_deadline(queen), hive_poll_deadline(queen)) - queen->now);
    if (barrier_is_due(queen) || queen->hives.marked || queen->neighbours || queen->registry.walks[WALK_REVIEW] ||
        queen->registry.walks[WALK_FORGET] || queen->lists || queen->holding)
        sleep = 0;
    sleep = ms_max(sleep, 0);
    watch_arm(&queen->watch, sleep);
    return queen->now + sleep;
}

void queen_enter(struct queen *queen, ms_t now, ms_t wall, struct outbox *outbox)
{
    queen->now = now;
    queen->wall = wall;
    queen->announcing.now = now;
    queen->announcing.linked = queen->member.linked;
    queen->out = outbox;
    watch_turn(&queen->watch, now, queen->behind);
}

static void schedule_touched(struct queen *queen)
{
    struct record *record;
    while ((record = registry_take_touched(&queen->registry)))
        silence_schedule(queen, record);
}

/* Health warns for a while; the log has it when that begins. */
static void note_pressure(struct queen *queen)
{
    static const char *const what[] = { "no room for more workers (--max-workers)",
                                        "no room for more hives (--max-workers)",
                                        "no room for more documents (--max-state)",
                                        "more messages arrive than can be read" };
    for (size_t kind = 0; kind < PRESSURE_COUNT; kind++) {
        struct pressure *pressure = &queen->registry.pressure[kind];
        if (!pressure->is_new)
            continue;
        if (queen->now >= pressure->until)
            outbox_notice_always(queen->out, "%s: some are evicted or refused%s%s", what[kind],
                                 pressure->hive[0] ? "; most are of hive " : "", pressure->hive);
        pressure->until = queen->now + RATION_WARN_MS;
        pressure->is_new = false;
    }
}

static void announce_owed(struct queen *queen, unsigned limit)
{
    struct record *record;
    for (; limit > 0 && (record = announce_next(&queen->announcing)); limit--)
        if (record->ended)
            forget_announce(queen, record);
        else
            change_announce_owed(queen, record);
}

/* R18: what the send queue dropped, in an event that has room there. */
static void report_lost(struct queen *queen)
{
    struct fleet_count range[] = { { "from", queen->lost.first }, { "to", queen->lost.last } };
    if (queen->lost.first == 0 || !announce_has_event_room(&queen->announcing))
        return;
    queen->lost = (struct id_range){ 0 };
    (void)change_publish_fleet(queen, "events_lost", range, ARRAY_LEN(range));
}

void queen_leave(struct queen *queen)
{
    report_lost(queen);
    hive_review_step(queen, queen->options.limits.records);
    storm_step(queen);
    announce_owed(queen, queen->options.limits.records);
    schedule_touched(queen);
    note_pressure(queen);
    arena_reset(&queen->arena);
    queen->out = NULL;
}
