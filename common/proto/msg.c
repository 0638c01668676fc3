#include "msg.h"

#include <math.h>

#define X(symbol, name) [PRESENCE_##symbol] = (name),
static const char *const presence_states[] = { PRESENCE_STATES(X) };
#undef X
#define X(symbol, name) [DEATH_##symbol] = (name),
static const char *const death_causes[] = { DEATH_CAUSES(X) };
#undef X
#define X(symbol, name) [WITNESS_##symbol] = (name),
static const char *const witness_states[] = { WITNESS_STATES(X) };
#undef X
#define X(symbol, name) [HIVE_##symbol] = (name),
static const char *const hive_statuses[] = { HIVE_STATUSES(X) };
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

const char *witness_state_name(int state)
{
    return name_at(witness_states, WITNESS_STATE_COUNT, state);
}

const char *hive_status_name(int status)
{
    return name_at(hive_statuses, HIVE_STATUS_COUNT, status);
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
#define ABSENT_WITNESS (-1)
#define ABSENT_HIVE (-1)
#define ABSENT_GAUGES NULL
#define ABSENT_LABELS NULL
#define ABSENT_EXIT exit_absent
#define ABSENT_LASTEXIT last_exit_absent
#define ABSENT_TALLY tally_absent
#define X(type, name, low, high, required, doc) .name = ABSENT_##type,

static const struct exit_info exit_absent = { EXIT_FIELDS(X) };
static const struct last_exit last_exit_absent = { LAST_EXIT_FIELDS(X) };
static const struct worker_tally tally_absent = { WORKER_TALLY_FIELDS(X) };

void exit_info_init(struct exit_info *exit)
{
    *exit = exit_absent;
}

void last_exit_init(struct last_exit *exit)
{
    *exit = last_exit_absent;
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

void witness_init(struct witness *witness)
{
    *witness = (struct witness)
    {
        WITNESS_FIELDS(X)
    };
}

void hive_heartbeat_init(struct hive_heartbeat *heartbeat)
{
    *heartbeat = (struct hive_heartbeat)
    {
        HIVE_HEARTBEAT_FIELDS(X)
    };
}

void verdict_notice_init(struct verdict_notice *notice)
{
    *notice = (struct verdict_notice)
    {
        VERDICT_NOTICE_FIELDS(X)
    };
}
#undef X

struct exit_info last_exit_info(const struct last_exit *last)
{
    struct exit_info exit = { .known = last->known };
#define X(type, name, low, high, required, doc) exit.name = last->name;
    EXIT_FIELDS(X)
#undef X
    return exit;
}
