#include "msg.h"

#include <math.h>

DEFINE_NAMES(presence_state_name, int, PRESENCE_STATES, NULL)
DEFINE_NAMES(death_cause_name, int, DEATH_CAUSES, NULL)
DEFINE_NAMES(witness_state_name, int, WITNESS_STATES, NULL)
DEFINE_NAMES(hive_status_name, int, HIVE_STATUSES, NULL)

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
#define ABSENT_EXIT exit_info_absent()
#define ABSENT_LASTEXIT last_exit_absent()
#define ABSENT_TALLY worker_tally_absent()
#define ABSENT_EVIDENCE verdict_evidence_absent()
#define ABSENT_GPUS \
    {               \
        0           \
    }
#define ABSENT_INDEXES ABSENT_GPUS
#define ABSENT(type, name, low, high, required, doc) .name = ABSENT_##type,

#define DEFINE_ABSENT(message, list)             \
    static struct message message##_absent(void) \
    {                                            \
        return (struct message){ list(ABSENT) }; \
    }
MSG_OBJECTS(DEFINE_ABSENT)

#define DEFINE_OBJECT_INIT(message, list)    \
    void message##_init(struct message *ret) \
    {                                        \
        *ret = message##_absent();           \
    }
MSG_OBJECTS(DEFINE_OBJECT_INIT)

#define DEFINE_INIT(message, list)               \
    void message##_init(struct message *ret)     \
    {                                            \
        *ret = (struct message){ list(ABSENT) }; \
    }
MSG_DOCUMENTS(DEFINE_INIT)

struct exit_info last_exit_info(const struct last_exit *last)
{
    struct exit_info exit = { .known = last->known };
#define X(type, name, low, high, required, doc) exit.name = last->name;
    EXIT_FIELDS(X)
#undef X
    return exit;
}
