#include "child_watch.h"

const char *child_stall_sentence(enum child_stall stall)
{
#define X(symbol, sentence) [CHILD_STALL_##symbol] = sentence,
    static const char *const sentences[] = { CHILD_STALLS(X) };
#undef X

    return sentences[stall];
}

void child_watch_init(struct child_watch *watch)
{
    *watch = (struct child_watch){ .limit = MS_NEVER };
}

void child_watch_limit(struct child_watch *watch, ms_t now, ms_t limit)
{
    watch->limit = limit > 0 ? limit : MS_NEVER;
    watch->fed = now;
}

void child_watch_feed(struct child_watch *watch, ms_t now)
{
    watch->fed = now;
    watch->triggered = false;
}

void child_watch_trigger(struct child_watch *watch)
{
    watch->triggered = true;
}

void child_watch_observe(struct child_watch *watch, char state, uint64_t cpu_ticks)
{
    bool blocked = state == 'D';
    bool still = watch->state == 'D' && cpu_ticks == watch->cpu_ticks;
    watch->blocked = !blocked ? 0 : still ? watch->blocked + 1 : 1;
    watch->state = state;
    watch->cpu_ticks = cpu_ticks;
}

static bool is_overdue(const struct child_watch *watch, ms_t now)
{
    return watch->limit != MS_NEVER && now - watch->fed >= watch->limit;
}

enum child_stall child_watch_judge(const struct child_watch *watch, ms_t now)
{
    if (watch->state == 'T' || watch->state == 't')
        return CHILD_STALL_STOPPED;
    if (watch->blocked >= CHILD_BLOCKED_CHECKS)
        return CHILD_STALL_BLOCKED;
    if (watch->triggered)
        return CHILD_STALL_TRIGGERED;
    return is_overdue(watch, now) ? CHILD_STALL_OVERDUE : CHILD_STALL_NONE;
}

ms_t child_watch_timeout(const struct child_watch *watch, ms_t now)
{
    if (watch->limit == MS_NEVER || is_overdue(watch, now))
        return MS_NEVER;
    return watch->limit - (now - watch->fed);
}
