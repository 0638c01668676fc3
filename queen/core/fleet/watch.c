#include "watch.h"

static void pass(struct watch *watch, ms_t time, ms_t behind)
{
    ms_t unread = ms_min(watch->unread + time, ms_min(behind, WATCH_UNREAD_MAX));
    watch->time += watch->unread + time - unread;
    watch->unread = unread;
}

void watch_turn(struct watch *watch, ms_t now, ms_t behind)
{
    if (!watch->started) {
        watch->started = true;
        watch->turned = now;
        return;
    }
    ms_t passed = ms_max(now - watch->turned, 0);
    ms_t counted = ms_min(passed, watch->sleep + WATCH_PAUSE_GUARD);
    watch->loop_time += counted;
    if (watch->going)
        pass(watch, counted, behind);
    watch->turned = now;
    watch->sleep = ms_max(watch->sleep - passed, 0); /* what is left of the timer if nobody arms it anew */
}

void watch_restore(struct watch *watch, ms_t time, ms_t loop_time)
{
    watch->time = watch->last_packet_at = time;
    watch->loop_time = loop_time;
}

void watch_arm(struct watch *watch, ms_t sleep)
{
    watch->sleep = ms_min(ms_max(sleep, 0), WATCH_SLEEP_MAX);
}

void watch_prove(struct watch *watch)
{
    watch->last_packet_at = watch->time;
}

void watch_go(struct watch *watch)
{
    watch->going = true;
    watch->unread = 0;
    watch_prove(watch);
}

void watch_stop(struct watch *watch)
{
    watch->going = false;
    watch->time = watch->last_packet_at;
}

ms_t watch_until(const struct watch *watch, ms_t deadline)
{
    if (!watch->going || deadline == MS_NEVER)
        return MS_NEVER;
    return ms_max(deadline - watch->time, 0);
}
