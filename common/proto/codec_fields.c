#include "codec_fields.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "msg.h"
#include "timetext.h"

static enum err wrong_type(const struct field *field, const char *wanted, struct errbuf *e)
{
    return err_set(e, ERR_TYPE, "%s: must be %s", field->name, wanted);
}

enum err field_read_TEXT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    const char *text = json_string(value);
    if (!text)
        return wrong_type(field, "a string", e);
    size_t len = strlen(text);
    if ((double)len < field->low || (double)len > field->high)
        return err_set(e, ERR_TOO_LARGE, "%s: must have %.0f to %.0f bytes", field->name, field->low, field->high);
    *(const char **)member = text;
    return OK;
}

enum err field_read_ID(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    const char *text = json_string(value);
    if (!text)
        return wrong_type(field, "a string", e);
    enum err err = name_check(text_of(text), field->name, e);
    if (!err)
        *(const char **)member = text;
    return err;
}

enum err field_read_HEX64(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    if (!json_string(value) || text_to_hex64(text_of(json_string(value)), member))
        return wrong_type(field, "16 hexadecimal digits, not all 0", e);
    return OK;
}

enum err field_read_TIME(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    if (!json_string(value) || text_to_time(text_of(json_string(value)), member))
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

enum err field_read_INT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    double number;
    return json_number(value, &number) ? field_set_INT(field, number, member, e)
                                       : wrong_type(field, "a whole number", e);
}

enum err field_read_NUMBER(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    double number;
    return json_number(value, &number) ? field_set_NUMBER(field, number, member, e) : wrong_type(field, "a number", e);
}

enum err field_read_BOOL(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    bool truth;
    if (!json_bool(value, &truth))
        return wrong_type(field, "true or false", e);
    *(int8_t *)member = truth;
    return OK;
}

static enum err read_choice(const struct field *field, const struct cJSON *value, const char *(*name_of)(int),
                            int8_t *ret, struct errbuf *e)
{
    const char *text = json_string(value);
    if (!text)
        return wrong_type(field, "a string", e);
    for (int8_t i = 0; name_of(i); i++) {
        if (strcmp(name_of(i), text) == 0) {
            *ret = i;
            return OK;
        }
    }
    return err_set(e, ERR_UNKNOWN, "%s: no such value", field->name);
}

enum err field_read_PRESENCE(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, presence_state_name, member, e);
}

enum err field_read_DEATH(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, death_cause_name, member, e);
}

enum err field_read_WITNESS(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, witness_state_name, member, e);
}

enum err field_read_HIVE(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, hive_status_name, member, e);
}

static bool entry_is_gauge(const struct cJSON *entry)
{
    return cJSON_IsNumber(entry);
}

static bool entry_is_label(const struct cJSON *entry)
{
    const char *text = json_string(entry);
    return text && strlen(text) <= MSG_LABEL_MAX;
}

static enum err read_map(const struct field *field, const struct cJSON *value, bool (*is_entry)(const struct cJSON *),
                         void *member, struct errbuf *e)
{
    double count = 0;
    if (!cJSON_IsObject(value))
        return wrong_type(field, "an object", e);
    for (const struct cJSON *entry = value->child; entry; entry = entry->next, count++) {
        size_t len = strlen(entry->string);
        if (len < 1 || len > MSG_KEY_MAX)
            return err_set(e, ERR_TOO_LARGE, "%s: a key must have 1 to %d bytes", field->name, MSG_KEY_MAX);
        if (!is_entry(entry))
            return err_set(e, ERR_TYPE, "%s: a value is of the wrong type or too long", field->name);
    }
    if (count > field->high)
        return err_set(e, ERR_TOO_LARGE, "%s: at most %.0f entries", field->name, field->high);
    *(const struct cJSON **)member = value;
    return OK;
}

enum err field_read_GAUGES(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_map(field, value, entry_is_gauge, member, e);
}

enum err field_read_LABELS(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_map(field, value, entry_is_label, member, e);
}

const struct field *field_find(const struct field_table *table, const char *name, size_t *at)
{
    for (size_t looks = 0; looks < table->len; looks++) {
        const struct field *field = &table->fields[*at];
        *at = *at + 1 < table->len ? *at + 1 : 0;
        if (strcmp(field->name, name) == 0)
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

enum err fields_decode(const struct field_table *table, const struct cJSON *object, void *message, struct errbuf *e)
{
    uint64_t seen = 0;
    size_t at = 0;

    for (const struct cJSON *value = object->child; value; value = value->next) {
        const struct field *field = field_find(table, value->string, &at);
        if (!field || cJSON_IsNull(value))
            continue;
        enum err err = field->read(field, value, (char *)message + field->offset, e);
        if (err)
            return err;
        seen |= UINT64_C(1) << (field - table->fields);
    }
    return check_required(table, seen, e);
}

enum err document_decode(const struct field_table *table, struct arena *arena, struct text json, void *message,
                         struct errbuf *e)
{
    struct cJSON *tree;
    if (json.len > MSG_MAX_BYTES)
        return err_set(e, ERR_TOO_LARGE, "%zu bytes: at most %d are allowed", json.len, MSG_MAX_BYTES);
    enum err err = json_parse(arena, json, &tree, e);
    if (err)
        return err;
    if (!cJSON_IsObject(tree))
        return err_set(e, ERR_TYPE, "JSON: must be an object");
    return fields_decode(table, tree, message, e);
}
