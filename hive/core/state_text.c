#include "state_text.h"

#define MAGIC "skep-agent"
#define VERSION "1"
#define PID_MIN 2 /* 1 is nobody's agent */

enum field { MAGIC_WORD, VERSION_WORD, BOOT, PID, STARTED, SESSION, FINGERPRINT, WALL, RESTARTS, FIELD_COUNT };

void state_text_write(const struct agent_record *record, struct buf *ret)
{
    buf_printf(ret, MAGIC " " VERSION " %s %lld %llu %s %s %lld %lld\n", record->boot_id, (long long)record->birth.pid,
               (unsigned long long)record->started, HEX64_TEXT(record->birth.session), HEX64_TEXT(record->fingerprint),
               (long long)record->birth.wall, (long long)record->birth.restarts);
}

static bool split(struct text line, struct text fields[FIELD_COUNT])
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (!line.at)
            return false;
        fields[i] = text_split(&line, ' ');
    }
    return !line.at;
}

static bool take_number(struct text field, int64_t low, int64_t high, int64_t *ret)
{
    return text_to_int(field, ret) == OK && *ret >= low && *ret <= high;
}

bool state_text_is_lost(struct text text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] != '\0')
            return false;
    return true;
}

enum err state_text_read(struct text text, struct agent_record *ret)
{
    struct text fields[FIELD_COUNT], line = text_split(&text, '\n');
    struct agent_record record = { 0 };
    int64_t started;
    if (!text.at || text.len > 0 || !split(line, fields) || !text_is(fields[MAGIC_WORD], MAGIC) ||
        !text_is(fields[VERSION_WORD], VERSION) || fields[BOOT].len == 0 || fields[BOOT].len >= BOOT_ID_SIZE ||
        memchr(fields[BOOT].at, '\0', fields[BOOT].len))
        return ERR_SYNTAX;
    if (!take_number(fields[PID], PID_MIN, INT32_MAX, &record.birth.pid) ||
        !take_number(fields[STARTED], 0, INT64_MAX, &started) ||
        text_to_hex64(fields[SESSION], &record.birth.session) != OK ||
        text_to_hex64(fields[FINGERPRINT], &record.fingerprint) != OK ||
        !take_number(fields[WALL], 0, INT64_MAX, &record.birth.wall) ||
        !take_number(fields[RESTARTS], 0, INT64_MAX, &record.birth.restarts))
        return ERR_SYNTAX;
    record.started = (uint64_t)started;
    memcpy(record.boot_id, fields[BOOT].at, fields[BOOT].len);
    *ret = record;
    return OK;
}
