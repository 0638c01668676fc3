#include "msg.h"

#include <math.h>

#define NAME(symbol, name) (name),
#define DEFINE_NAME(function, list)                                               \
    const char *function(int value)                                               \
    {                                                                             \
        static const char *const names[] = { list(NAME) };                        \
        return value >= 0 && value < (int)ARRAY_LEN(names) ? names[value] : NULL; \
    }

DEFINE_NAME(presence_state_name, PRESENCE_STATES)
DEFINE_NAME(death_cause_name, DEATH_CAUSES)
DEFINE_NAME(witness_state_name, WITNESS_STATES)
DEFINE_NAME(hive_status_name, HIVE_STATUSES)

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
#define ABSENT(type, name, low, high, required, doc) .name = ABSENT_##type,

static const struct exit_info exit_absent = { EXIT_FIELDS(ABSENT) };
static const struct last_exit last_exit_absent = { LAST_EXIT_FIELDS(ABSENT) };
static const struct worker_tally tally_absent = { WORKER_TALLY_FIELDS(ABSENT) };

#define DEFINE_INIT(message, list)               \
    void message##_init(struct message *ret)     \
    {                                            \
        *ret = (struct message){ list(ABSENT) }; \
    }

DEFINE_INIT(exit_info, EXIT_FIELDS)
DEFINE_INIT(last_exit, LAST_EXIT_FIELDS)
DEFINE_INIT(heartbeat, HEARTBEAT_FIELDS)
DEFINE_INIT(presence, PRESENCE_FIELDS)
DEFINE_INIT(witness, WITNESS_FIELDS)
DEFINE_INIT(hive_heartbeat, HIVE_HEARTBEAT_FIELDS)
DEFINE_INIT(verdict_notice, VERDICT_NOTICE_FIELDS)

struct exit_info last_exit_info(const struct last_exit *last)
{
    struct exit_info exit = { .known = last->known };
#define X(type, name, low, high, required, doc) exit.name = last->name;
    EXIT_FIELDS(X)
#undef X
    return exit;
}
