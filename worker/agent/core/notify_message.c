#include "notify_message.h"

#include <ctype.h>
#include <stdlib.h>

#include "codec.h"
#include "json_write.h"

#define FIELD_PREFIX "X_SKEP_"
#define FIELD_NAME_SIZE 32

static struct text cut_status(struct text status)
{
    if (status.len > NOTIFY_STATUS_MAX) {
        status.len = NOTIFY_STATUS_MAX;
        while (status.len > 0 && ((unsigned char)status.at[status.len] & 0xc0) == 0x80)
            status.len--;
    }
    return status;
}

static enum err read_limit(struct text value, ms_t *ret, struct errbuf *e)
{
    int64_t usec;
    if (text_to_int(value, &usec) != OK || usec < 0)
        return err_set(e, ERR_SYNTAX, "WATCHDOG_USEC must be a number of microseconds");
    *ret = usec / 1000 + (usec % 1000 > 0);
    return OK;
}

static enum err add_field(struct notify_message *message, struct text name, struct text value, struct errbuf *e)
{
    if (message->field_count == NOTIFY_FIELDS_MAX)
        return err_set(e, ERR_FULL, "more than %d fields in one datagram", NOTIFY_FIELDS_MAX);
    message->fields[message->field_count++] = (struct notify_field){ name, value };
    return OK;
}

static enum err read_line(struct text line, struct notify_message *message, struct errbuf *e)
{
    struct text value = line;
    struct text name = text_split(&value, '=');
    if (!value.at || name.len == 0)
        return err_set(e, ERR_SYNTAX, "a line is not of the form NAME=value");
    if (text_is(name, "READY"))
        message->ready = text_is(value, "1");
    else if (text_is(name, "STOPPING"))
        message->stopping = text_is(value, "1");
    else if (text_is(name, "WATCHDOG"))
        message->watchdog = text_is(value, "1");
    else if (text_is(name, "STATUS"))
        message->status = cut_status(value);
    else if (text_is(name, "WATCHDOG_USEC"))
        return read_limit(value, &message->watchdog_limit, e);
    else if (text_skip(&name, TEXT(FIELD_PREFIX)) && name.len > 0)
        return add_field(message, name, value, e);
    return OK;
}

enum err notify_message_parse(struct text datagram, struct notify_message *ret, struct errbuf *e)
{
    struct notify_message message = { .watchdog_limit = MS_NEVER };
    if (!text_is_utf8(datagram))
        return err_set(e, ERR_UTF8, "the datagram is not UTF-8");
    if (datagram.len > 0 && memchr(datagram.at, 0, datagram.len))
        return err_set(e, ERR_SYNTAX, "the datagram holds a NUL byte");
    while (datagram.at) {
        struct text line = text_split(&datagram, '\n');
        enum err err = line.len > 0 ? read_line(line, &message, e) : OK;
        if (err != OK)
            return err;
    }
    *ret = message;
    return OK;
}

/* Heartbeat fields are named in small letters. */
static const struct field_info *find_field(struct text name)
{
    char lower[FIELD_NAME_SIZE];
    if (name.len >= sizeof lower)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)tolower((unsigned char)name.at[i]);
    for (const struct field_info *field = heartbeat_field_info; field->name; field++)
        if (text_is((struct text){ lower, name.len }, field->name))
            return field;
    return NULL;
}

static enum err put_number(struct json_write *w, const struct field_info *field, struct text value, struct errbuf *e)
{
    char terminated[64], *end;
    double number;
    if (value.len >= sizeof terminated)
        return err_set(e, ERR_TYPE, "%s must be a number", field->name);
    memcpy(terminated, value.at, value.len);
    terminated[value.len] = 0;
    number = strtod(terminated, &end);
    if (*end || !isdigit((unsigned char)value.at[value.len - 1]) || number - number != 0)
        return err_set(e, ERR_TYPE, "%s must be a number", field->name);
    json_put_number(w, number);
    return OK;
}

static enum err put_value(struct json_write *w, const struct field_info *field, struct text value, struct errbuf *e)
{
    if (value.len == 0)
        json_put_null(w);
    else if (strcmp(field->type, "INT") == 0 || strcmp(field->type, "NUMBER") == 0)
        return put_number(w, field, value, e);
    else if (strcmp(field->type, "GAUGES") == 0 || strcmp(field->type, "LABELS") == 0)
        return err_set(e, ERR_TYPE, "%s cannot be set by a notification", field->name);
    else
        json_put_text(w, value);
    return OK;
}

enum err notify_field_json(const struct notify_field *field, struct buf *ret, struct errbuf *e)
{
    const struct field_info *info = find_field(field->name);
    struct json_write w = json_write_to(ret);
    enum err err;
    if (!info)
        return err_set(e, ERR_UNKNOWN, FIELD_PREFIX "%.*s is no heartbeat field", (int)(field->name.len & 0xff),
                       field->name.at);
    json_open(&w, '{');
    json_key(&w, info->name);
    err = put_value(&w, info, field->value, e);
    json_close(&w, '}');
    return err;
}

const char *notify_status(const char *current, bool was_ready, const struct notify_message *message)
{
    bool is_starting = strcmp(current, "starting") == 0;
    if (message->stopping)
        return "draining";
    if (is_starting && (message->ready || message->watchdog))
        return "idle";
    if (message->ready && strcmp(current, "loading") == 0)
        return "idle";
    if (message->status.at && !was_ready && !message->ready && !message->watchdog && !is_starting)
        return "starting";
    return NULL;
}
