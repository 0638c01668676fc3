#include "codec_fields.h"

#include <math.h>

#include "msg.h"
#include "timetext.h"

static enum err wrong_type(const struct field *field, const char *wanted, struct errbuf *e)
{
    return err_set(e, ERR_TYPE, "%s: must be %s", field->name, wanted);
}

static enum err read_TEXT(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    double len = (double)value->string.len;
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    if (len < field->low || len > field->high)
        return err_set(e, ERR_TOO_LARGE, "%s: must have %.0f to %.0f bytes", field->name, field->low, field->high);
    *(const char **)member = value->string.at;
    return OK;
}

static enum err read_ID(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    enum err err;
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    if ((err = name_check(value->string, field->name, e)) == OK)
        *(const char **)member = value->string.at;
    return err;
}

static enum err read_HEX64(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_STRING || text_to_hex64(value->string, member) != OK)
        return wrong_type(field, "16 hexadecimal digits, not all 0", e);
    return OK;
}

static enum err read_TIME(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
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

static enum err read_INT(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    enum err err;
    if (value->type != JSON_NUMBER || value->number != trunc(value->number))
        return wrong_type(field, "a whole number", e);
    if ((err = check_range(field, value->number, e)) == OK)
        *(int64_t *)member = (int64_t)value->number;
    return err;
}

static enum err read_NUMBER(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    enum err err;
    if (value->type != JSON_NUMBER)
        return wrong_type(field, "a number", e);
    if ((err = check_range(field, value->number, e)) == OK)
        *(double *)member = value->number;
    return err;
}

static enum err read_BOOL(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_TRUE && value->type != JSON_FALSE)
        return wrong_type(field, "true or false", e);
    *(int8_t *)member = value->type == JSON_TRUE;
    return OK;
}

static enum err read_choice(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_STRING)
        return wrong_type(field, "a string", e);
    for (int8_t i = 0; field->type->name_of(i); i++) {
        if (text_is(value->string, field->type->name_of(i))) {
            *(int8_t *)member = i;
            return OK;
        }
    }
    return err_set(e, ERR_UNKNOWN, "%s: no such value", field->name);
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

static enum err read_GAUGES(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_map(field, value, JSON_NUMBER, member, e);
}

static enum err read_LABELS(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    return read_map(field, value, JSON_STRING, member, e);
}

static enum err read_INDEXES(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    struct index_set *set = member;
    if (value->type != JSON_ARRAY)
        return wrong_type(field, "an array", e);
    set->known = true;
    JSON_EACH(entry, value)
    {
        int64_t index = 0;
        enum err err = read_INT(field, entry, &index, e);
        if (err != OK)
            return err;
        set->bits |= UINT64_C(1) << index;
    }
    return OK;
}

enum err field_read_object(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    if (value->type != JSON_OBJECT)
        return wrong_type(field, "an object", e);
    *(bool *)member = true; /* known */
    return fields_decode(field->type->table, value, member, e);
}

/* Writes the key unless the field is to be left out; the value must follow then. */
static bool write_key(const struct field *field, bool present, bool nulls, struct json_write *w)
{
    if (present || nulls)
        json_key(w, field->name);
    return present || nulls;
}

static void write_TEXT(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    const char *value = *(const char *const *)member;
    if (write_key(field, value != NULL, nulls, w))
        json_put_str(w, value);
}

/* Ids that the sender does not have are left out of every message. */
static void write_ID(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    (void)nulls;
    write_TEXT(field, member, false, w);
}

/* What the writer makes of an absent value is null. */
#define DEFINE_WRITE(name, ctype, is_present, put)                                                            \
    static void write_##name(const struct field *field, const void *member, bool nulls, struct json_write *w) \
    {                                                                                                         \
        ctype value = *(const ctype *)member;                                                                 \
        if (write_key(field, is_present, nulls, w))                                                           \
            put;                                                                                              \
    }
DEFINE_WRITE(HEX64, uint64_t, value != 0, json_put_hex64(w, value))
DEFINE_WRITE(TIME, ms_t, value != TIME_ABSENT, json_put_time(w, value))
DEFINE_WRITE(INT, int64_t, value != INT_ABSENT, value == INT_ABSENT ? json_put_null(w) : json_put_int(w, value))
DEFINE_WRITE(NUMBER, double, !isnan(value), json_put_number(w, value))
DEFINE_WRITE(BOOL, int8_t, value >= 0, json_put_raw(w, text_of(value < 0 ? NULL : value ? "true" : "false")))

static void write_choice(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    const char *name = field->type->name_of(*(const int8_t *)member);
    write_TEXT(field, &name, nulls, w);
}

static void write_map(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    const struct json_value *map = *(const struct json_value *const *)member;
    (void)nulls;
    if (!map)
        return;
    json_open_member(w, field->name, '{');
    JSON_EACH(entry, map)
    {
        if (entry->type == JSON_NUMBER)
            json_add_number(w, entry->key.at, entry->number);
        else
            json_add_str(w, entry->key.at, entry->string.at);
    }
    json_close(w, '}');
}

/* Left out where nothing is known, also of a message whose shape is fixed. */
static void write_INDEXES(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    const struct index_set *set = member;
    (void)nulls;
    if (!set->known)
        return;
    json_open_member(w, field->name, '[');
    for (int index = 0; index < 64; index++)
        if (set->bits >> index & 1)
            json_put_int(w, index);
    json_close(w, ']');
}

void field_write_object(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    bool known = *(const bool *)member;
    if (!write_key(field, known, nulls, w))
        return;
    if (known)
        fields_encode(field->type->table, member, w);
    else
        json_put_null(w);
}

const struct field_type field_type_TEXT = { read_TEXT, write_TEXT };
const struct field_type field_type_ID = { read_ID, write_ID };
const struct field_type field_type_TOKEN = { read_ID, write_TEXT };
const struct field_type field_type_HEX64 = { read_HEX64, write_HEX64 };
const struct field_type field_type_TIME = { read_TIME, write_TIME };
const struct field_type field_type_INT = { read_INT, write_INT };
const struct field_type field_type_NUMBER = { read_NUMBER, write_NUMBER };
const struct field_type field_type_BOOL = { read_BOOL, write_BOOL };
const struct field_type field_type_PRESENCE = { read_choice, write_choice, .name_of = presence_state_name };
const struct field_type field_type_DEATH = { read_choice, write_choice, .name_of = death_cause_name };
const struct field_type field_type_WITNESS = { read_choice, write_choice, .name_of = witness_state_name };
const struct field_type field_type_HIVE = { read_choice, write_choice, .name_of = hive_status_name };
const struct field_type field_type_GAUGES = { read_GAUGES, write_map };
const struct field_type field_type_LABELS = { read_LABELS, write_map };
const struct field_type field_type_INDEXES = { read_INDEXES, write_INDEXES };

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
    for (size_t i = 0; i < table->len; i++)
        if (table->fields[i].required && !(seen >> i & 1))
            return err_set(e, ERR_MISSING, "%s: is required", table->fields[i].name);
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
        if ((err = field->type->read(field, value, (char *)message + field->offset, e)) != OK)
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
    if (json.len > table->max_bytes)
        return err_set(e, ERR_TOO_LARGE, "%zu bytes: at most %zu are allowed", json.len, table->max_bytes);
    if ((err = json_scan(arena, json, &document, e)) != OK)
        return err;
    if (document->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "JSON: must be an object");
    err = fields_decode(table, document, message, e);
    return err == OK && table->check ? table->check(message, e) : err;
}

void fields_encode(const struct field_table *table, const void *message, struct json_write *w)
{
    json_open(w, '{');
    for (const struct field *field = table->fields; field < table->fields + table->len; field++)
        field->type->write(field, (const char *)message + field->offset, table->nulls, w);
    json_close(w, '}');
}
