#include "msg.h"

#include <math.h>

#define X(symbol, name) [PRESENCE_##symbol] = (name),
static const char *const presence_states[] = { PRESENCE_STATES(X) };
#undef X
#define X(symbol, name) [DEATH_##symbol] = (name),
static const char *const death_causes[] = { DEATH_CAUSES(X) };
#undef X

static const char *name_at(const char *const *names, int count, int at)
{
    return at >= 0 && at < count ? names[at] : NULL;
}

const char *presence_state_name(int state)
{
    return name_at(presence_states, PRESENCE_STATE_COUNT, state);
}

const char *death_cause_name(int cause)
{
    return name_at(death_causes, DEATH_CAUSE_COUNT, cause);
}

/* What "absent" is for each type of field; the list in msg_fields.h. */
#define ABSENT_ID NULL
#define ABSENT_TOKEN NULL
#define ABSENT_TEXT NULL
#define ABSENT_HEX64 0
#define ABSENT_TIME TIME_ABSENT
#define ABSENT_INT INT_ABSENT
#define ABSENT_NUMBER NAN
#define ABSENT_BOOL (-1)
#define ABSENT_PRESENCE (-1)
#define ABSENT_DEATH (-1)
#define ABSENT_GAUGES NULL
#define ABSENT_LABELS NULL
#define ABSENT_EXIT exit_absent
#define X(type, name, low, high, required, doc) .name = ABSENT_##type,

static const struct exit_info exit_absent = { EXIT_FIELDS(X) };

void exit_info_init(struct exit_info *exit)
{
    *exit = exit_absent;
}

void heartbeat_init(struct heartbeat *heartbeat)
{
    *heartbeat = (struct heartbeat)
    {
        HEARTBEAT_FIELDS(X)
    };
}

void presence_init(struct presence *presence)
{
    *presence = (struct presence)
    {
        PRESENCE_FIELDS(X)
    };
}

void verdict_notice_init(struct verdict_notice *notice)
{
    *notice = (struct verdict_notice)
    {
        VERDICT_NOTICE_FIELDS(X)
    };
}
