#include "state_text.h"

#define MAGIC "skep-hive 1 "
#define FIELDS 7

void state_text_begin(struct buf *ret, const char *boot_id)
{
    buf_printf(ret, MAGIC "%s\n", boot_id);
}

void state_text_add(struct buf *ret, const struct agent_record *record)
{
    char session[HEX64_SIZE], fingerprint[HEX64_SIZE];
    hex64_to_text(record->session, session);
    hex64_to_text(record->fingerprint, fingerprint);
    buf_printf(ret, "%s %lld %llu %s %s %lld %lld\n", record->worker, (long long)record->pid,
               (unsigned long long)record->started, session, fingerprint, (long long)record->wall,
               (long long)record->restarts);
}

enum err state_text_open(struct text *rest, const char *boot_id, struct errbuf *e)
{
    struct text line = text_split(rest, '\n');
    size_t len = strlen(MAGIC);
    if (!rest->at || line.len < len || memcmp(line.at, MAGIC, len) != 0)
        return err_set(e, ERR_SYNTAX, "is not what a hive has written");
    line = (struct text){ line.at + len, line.len - len };
    return text_is(line, boot_id) ? OK : ERR_STATE;
}

static bool take_fields(struct text line, struct text fields[FIELDS])
{
    for (size_t i = 0; i < FIELDS; i++) {
        if (!line.at)
            return false;
        fields[i] = text_split(&line, ' ');
    }
    return !line.at;
}

static enum err read_record(struct text line, struct agent_record *ret)
{
    struct text fields[FIELDS];
    int64_t started;
    if (!take_fields(line, fields) || !name_is_valid(fields[0]) || text_to_int(fields[1], &ret->pid) != OK ||
        text_to_int(fields[2], &started) != OK || text_to_hex64(fields[3], &ret->session) != OK ||
        text_to_hex64(fields[4], &ret->fingerprint) != OK || text_to_int(fields[5], &ret->wall) != OK ||
        text_to_int(fields[6], &ret->restarts) != OK)
        return ERR_SYNTAX;
    if (ret->pid < 2 || ret->pid > INT32_MAX || started < 0 || ret->restarts < 0)
        return ERR_SYNTAX;
    ret->started = (uint64_t)started;
    memcpy(ret->worker, fields[0].at, fields[0].len);
    ret->worker[fields[0].len] = '\0';
    return OK;
}

bool state_text_next(struct text *rest, struct agent_record *ret, enum err *ret_err)
{
    struct agent_record record;
    *ret_err = OK;
    if (!rest->at || rest->len == 0)
        return false;
    if ((*ret_err = read_record(text_split(rest, '\n'), &record)) != OK)
        return false;
    *ret = record;
    return true;
}
