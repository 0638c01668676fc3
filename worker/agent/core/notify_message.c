#include "notify_message.h"

#include <ctype.h>
#include <stdlib.h>

#include "codec.h"
#include "json_write.h"

#define FIELD_PREFIX "X_SKEP_"
#define FIELD_NAME_SIZE 80 /* the longest are those of metrics: METRIC_ and MSG_NAME_MAX */

static struct text cut_status(struct text status)
{
    if (status.len > NOTIFY_STATUS_MAX) {
        status.len = NOTIFY_STATUS_MAX;
        while (status.len > 0 && ((unsigned char)status.at[status.len] & 0xc0) == 0x80)
            status.len--;
    }
    return status;
}

/* Rounded up to milliseconds. */
static enum err read_usec(struct text name, struct text value, ms_t *ret, struct errbuf *e)
{
    int64_t usec;
    if (text_to_int(value, &usec) != OK || usec < 0)
        return err_set(e, ERR_SYNTAX, "%.*s must be a number of microseconds", (int)name.len, name.at);
    *ret = usec / 1000 + (usec % 1000 > 0);
    return OK;
}

static enum err read_pid(struct text value, int64_t *ret, struct errbuf *e)
{
    int64_t pid;
    if (text_to_int(value, &pid) != OK || pid < 1 || pid > INT32_MAX)
        return err_set(e, ERR_SYNTAX, "MAINPID must be the id of a process");
    *ret = pid;
    return OK;
}

static enum err add_field(struct notify_message *message, struct text name, struct text value, struct errbuf *e)
{
    if (message->field_count == NOTIFY_FIELDS_MAX)
        return err_set(e, ERR_FULL, "more than %d fields in one datagram", NOTIFY_FIELDS_MAX);
    message->fields[message->field_count++] = (struct notify_field){ name, value };
    return OK;
}

static enum notify_phase phase_of(struct text line)
{
    return text_is(line, "READY=1")       ? NOTIFY_READY
           : text_is(line, "RELOADING=1") ? NOTIFY_RELOADING
           : text_is(line, "STOPPING=1")  ? NOTIFY_STOPPING
                                          : NOTIFY_NO_PHASE;
}

static enum err read_assignment(struct text name, struct text value, struct notify_message *message, struct errbuf *e)
{
    if (text_is(name, "WATCHDOG_USEC"))
        return read_usec(name, value, &message->watchdog_limit, e);
    if (text_is(name, "EXTEND_TIMEOUT_USEC"))
        return read_usec(name, value, &message->more_time, e);
    if (text_is(name, "MAINPID"))
        return read_pid(value, &message->main_pid, e);
    if (text_is(name, "STATUS"))
        message->status = cut_status(value);
    else if (text_is(name, "WATCHDOG") && text_is(value, "1"))
        message->watchdog = true;
    else if (text_is(name, "WATCHDOG") && text_is(value, "trigger"))
        message->trigger = true;
    else if (text_skip(&name, TEXT(FIELD_PREFIX)) && name.len > 0)
        return add_field(message, name, value, e);
    return OK;
}

static enum err read_line(struct text line, struct notify_message *message, struct errbuf *e)
{
    enum notify_phase phase = phase_of(line);
    struct text value = line;
    struct text name = text_split(&value, '=');
    if (!text_is_utf8(line))
        return err_set(e, ERR_UTF8, "a line is not UTF-8");
    if (line.len > 0 && memchr(line.at, 0, line.len))
        return err_set(e, ERR_SYNTAX, "a line holds a NUL byte");
    if (!value.at || name.len == 0)
        return err_set(e, ERR_SYNTAX, "a line is not of the form NAME=value");
    if (phase != NOTIFY_NO_PHASE)
        message->phase = phase;
    return read_assignment(name, value, message, e);
}

/* Some clients send the NUL that ends their string. */
void notify_message_parse(struct text datagram, struct notify_message *ret, struct errbuf *e)
{
    *ret = (struct notify_message){ .watchdog_limit = MS_NEVER };
    if (datagram.len > 0 && datagram.at[datagram.len - 1] == '\0')
        datagram.len--;
    while (datagram.at) {
        struct text line = text_split(&datagram, '\n');
        if (line.len > 0 && read_line(line, ret, ret->skipped ? NULL : e) != OK)
            ret->skipped++;
    }
}

/* Names are in small letters where they are published. False: too long for any. */
static bool name_lower(struct text name, char ret[FIELD_NAME_SIZE])
{
    if (name.len >= FIELD_NAME_SIZE)
        return false;
    for (size_t i = 0; i < name.len; i++)
        ret[i] = (char)tolower((unsigned char)name.at[i]);
    ret[name.len] = '\0';
    return true;
}

static const struct field_info *find_field(const char *lower)
{
    for (const struct field_info *field = heartbeat_field_info; field->name; field++)
        if (strcmp(lower, field->name) == 0)
            return field;
    return NULL;
}

static enum err put_number(struct json_write *w, const char *name, struct text value, struct errbuf *e)
{
    char terminated[64], *end;
    double number;
    if (value.len >= sizeof terminated)
        return err_set(e, ERR_TYPE, "%s must be a number", name);
    memcpy(terminated, value.at, value.len);
    terminated[value.len] = 0;
    number = strtod(terminated, &end);
    if (*end || !isdigit((unsigned char)value.at[value.len - 1]) || number - number != 0)
        return err_set(e, ERR_TYPE, "%s must be a number", name);
    json_put_number(w, number);
    return OK;
}

static enum err put_value(struct json_write *w, const struct field_info *field, struct text value, struct errbuf *e)
{
    if (value.len == 0)
        json_put_null(w);
    else if (strcmp(field->type, "INT") == 0 || strcmp(field->type, "NUMBER") == 0)
        return put_number(w, field->name, value, e);
    else if (strcmp(field->type, "GAUGES") == 0 || strcmp(field->type, "LABELS") == 0)
        return err_set(e, ERR_TYPE, "%s cannot be set by a notification", field->name);
    else
        json_put_text(w, value);
    return OK;
}

/* METRIC_TOKENS_PER_S=12: an entry of a map. */
static const struct map {
    struct text prefix; /* of the name, in small letters */
    const char *field;
    bool is_number;
} maps[] = {
    { { "metric_", 7 }, "metrics", true },
    { { "label_", 6 }, "labels", false },
};

static enum err put_entry(struct json_write *w, const struct map *map, const char *name, struct text value,
                          struct errbuf *e)
{
    enum err err = OK;
    json_open_member(w, map->field, '{');
    json_key(w, name);
    if (value.len == 0)
        json_put_null(w);
    else if (map->is_number)
        err = put_number(w, name, value, e);
    else
        json_put_text(w, value);
    json_close(w, '}');
    return err;
}

/* ERR_UNKNOWN: it is no entry. */
static enum err try_entries(struct json_write *w, const char *lower, struct text value, struct errbuf *e)
{
    for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
        struct text name = text_of(lower);
        if (text_skip(&name, maps[i].prefix) && name.len > 0)
            return put_entry(w, &maps[i], name.at, value, e);
    }
    return err_set(e, ERR_UNKNOWN, FIELD_PREFIX "%s: no heartbeat field of this name", lower);
}

enum err notify_field_json(const struct notify_field *field, struct buf *ret, struct errbuf *e)
{
    struct json_write w = json_write_to(ret);
    const struct field_info *info;
    char lower[FIELD_NAME_SIZE];
    enum err err;
    if (!name_lower(field->name, lower))
        return err_set(e, ERR_UNKNOWN, FIELD_PREFIX "%.32s...: no heartbeat field has so long a name", field->name.at);
    info = find_field(lower);
    json_open(&w, '{');
    if (info) {
        json_key(&w, info->name);
        err = put_value(&w, info, field->value, e);
    } else {
        err = try_entries(&w, lower, field->value, e);
    }
    json_close(&w, '}');
    return err;
}

const char *notify_status(const char *current, bool was_ready, const struct notify_message *message)
{
    bool is_starting = strcmp(current, "starting") == 0, is_ready = message->phase == NOTIFY_READY;
    if (message->phase == NOTIFY_STOPPING)
        return "draining";
    if (message->phase == NOTIFY_RELOADING)
        return "loading";
    if (is_starting && (is_ready || message->watchdog))
        return "idle";
    if (is_ready && strcmp(current, "loading") == 0)
        return "idle";
    if (message->status.at && !was_ready && !is_ready && !message->watchdog && !is_starting)
        return "starting";
    return NULL;
}
