#include "codec_fields.h"

#include <math.h>

#include "json_scan.h"
#include "msg.h"
#include "timetext.h"

static enum err wrong_type(const struct field *field, const char *wanted, struct errbuf *e)
{
    return err_set(e, ERR_TYPE, "%s: must be %s", field->name, wanted);
}

enum err field_read_TEXT(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    double len = (double)value->string.len;
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    if (len < field->low || len > field->high)
        return err_set(e, ERR_TOO_LARGE, "%s: must have %.0f to %.0f bytes", field->name, field->low, field->high);
    *(const char **)member = value->string.at;
    return OK;
}

enum err field_read_ID(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    enum err err;
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    if ((err = name_check(value->string, field->name, e)) == OK)
        *(const char **)member = value->string.at;
    return err;
}

enum err field_read_HEX64(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_STRING || text_to_hex64(value->string, member) != OK)
        return wrong_type(field, "16 hexadecimal digits, not all 0", e);
    return OK;
}

enum err field_read_TIME(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_STRING || text_to_time(value->string, member) != OK)
        return wrong_type(field, "an RFC 3339 time", e);
    return OK;
}

static enum err check_range(const struct field *field, double number, struct errbuf *e)
{
    if (number >= field->low && number <= field->high)
        return OK;
    return err_set(e, ERR_RANGE, "%s: must be %.16g to %.16g", field->name, field->low, field->high);
}

enum err field_set_INT(const struct field *field, double number, void *member, struct errbuf *e)
{
    if (number != trunc(number))
        return wrong_type(field, "a whole number", e);
    enum err err = check_range(field, number, e);
    if (!err)
        *(int64_t *)member = (int64_t)number;
    return err;
}

enum err field_set_NUMBER(const struct field *field, double number, void *member, struct errbuf *e)
{
    enum err err = check_range(field, number, e);
    if (!err)
        *(double *)member = number;
    return err;
}

enum err field_read_INT(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_NUMBER)
        return wrong_type(field, "a whole number", e);
    return field_set_INT(field, value->number, member, e);
}

enum err field_read_NUMBER(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_NUMBER)
        return wrong_type(field, "a number", e);
    return field_set_NUMBER(field, value->number, member, e);
}

enum err field_read_BOOL(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return wrong_type(field, "true or false", e);
    *(int8_t *)member = value->type == JSON_TRUE;
    return OK;
}

static enum err read_choice(const struct field *field, const struct json_value *value, const char *(*name_of)(int),
                            int8_t *ret, struct errbuf *e)
{
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    for (int8_t i = 0; name_of(i); i++) {
        if (text_is(value->string, name_of(i))) {
            *ret = i;
            return OK;
        }
    }
    return err_set(e, ERR_UNKNOWN, "%s: no such value", field->name);
}

enum err field_read_PRESENCE(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, presence_state_name, member, e);
}

enum err field_read_DEATH(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, death_cause_name, member, e);
}

enum err field_read_WITNESS(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, witness_state_name, member, e);
}

enum err field_read_HIVE(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, hive_status_name, member, e);
}

static enum err read_map(const struct field *field, const struct json_value *value, enum json_type type, void *member,
                         struct errbuf *e)
{
    double count = 0;
    if (value->type != JSON_OBJECT)
        return wrong_type(field, "an object", e);
    JSON_EACH(entry, value)
    {
        if (entry->key.len < 1 || entry->key.len > MSG_KEY_MAX)
            return err_set(e, ERR_TOO_LARGE, "%s: a key must have 1 to %d bytes", field->name, MSG_KEY_MAX);
        if (entry->type != type || (type == JSON_STRING && entry->string.len > MSG_LABEL_MAX))
            return err_set(e, ERR_TYPE, "%s: a value is of the wrong type or too long", field->name);
        count++;
    }
    if (count > field->high)
        return err_set(e, ERR_TOO_LARGE, "%s: at most %.0f entries", field->name, field->high);
    *(const struct json_value **)member = value;
    return OK;
}

enum err field_read_GAUGES(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_map(field, value, JSON_NUMBER, member, e);
}

enum err field_read_LABELS(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_map(field, value, JSON_STRING, member, e);
}

const struct field *field_find(const struct field_table *table, struct text name, size_t *at)
{
    for (size_t tries = 0; tries < table->len; tries++) {
        const struct field *field = &table->fields[*at];
        *at = *at + 1 < table->len ? *at + 1 : 0;
        if (field->name_len == name.len && memcmp(field->name, name.at, name.len) == 0)
            return field;
    }
    return NULL;
}

static enum err check_required(const struct field_table *table, uint64_t seen, struct errbuf *e)
{
    for (size_t i = 0; i < table->len; i++) {
        if (table->fields[i].required && !(seen >> i & 1))
            return err_set(e, ERR_MISSING, "%s: is required", table->fields[i].name);
    }
    return OK;
}

enum err fields_decode(const struct field_table *table, const struct json_value *object, void *message,
                       struct errbuf *e)
{
    uint64_t seen = 0;
    size_t at = 0;
    JSON_EACH(value, object)
    {
        const struct field *field = field_find(table, value->key, &at);
        enum err err;
        if (!field || value->type == JSON_NULL)
            continue;
        if ((err = field->read(field, value, (char *)message + field->offset, e)) != OK)
            return err;
        seen |= UINT64_C(1) << (field - table->fields);
    }
    return check_required(table, seen, e);
}

enum err document_decode(const struct field_table *table, struct arena *arena, struct text json, void *message,
                         struct errbuf *e)
{
    const struct json_value *document;
    enum err err;
    if (json.len > MSG_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "%zu bytes: at most %d are allowed", json.len, MSG_MAX_BYTES);
    if ((err = json_scan(arena, json, &document, e)) != OK)
        return err;
    if (document->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "JSON: must be an object");
    return fields_decode(table, document, message, e);
}
