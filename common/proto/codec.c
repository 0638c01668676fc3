#include "codec.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "timetext.h"

struct field {
    const char *name;
    enum err (*read)(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e);
    size_t offset; /* of the member in the message's struct */
    double low, high;
    bool required;
};

struct field_table {
    const struct field *fields;
    size_t len;
};

static enum err wrong_type(const struct field *field, const char *wanted, struct errbuf *e)
{
    return err_set(e, ERR_TYPE, "%s: must be %s", field->name, wanted);
}

/* Readers, one per type of msg_fields.h, named by the type so that the lists can refer to them. */

static enum err read_TEXT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
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

static enum err read_ID(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    const char *text = json_string(value);
    if (!text)
        return wrong_type(field, "a string", e);
    enum err err = name_check(text_of(text), field->name, e);
    if (!err)
        *(const char **)member = text;
    return err;
}
#define read_TOKEN read_ID

static enum err read_HEX64(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    if (!json_string(value) || text_to_hex64(text_of(json_string(value)), member))
        return wrong_type(field, "16 hexadecimal digits, not all 0", e);
    return OK;
}

static enum err read_TIME(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
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

static enum err set_INT(const struct field *field, double number, void *member, struct errbuf *e)
{
    if (number != trunc(number))
        return wrong_type(field, "a whole number", e);
    enum err err = check_range(field, number, e);
    if (!err)
        *(int64_t *)member = (int64_t)number;
    return err;
}

static enum err set_NUMBER(const struct field *field, double number, void *member, struct errbuf *e)
{
    enum err err = check_range(field, number, e);
    if (!err)
        *(double *)member = number;
    return err;
}

static enum err read_INT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    double number;
    return json_number(value, &number) ? set_INT(field, number, member, e) : wrong_type(field, "a whole number", e);
}

static enum err read_NUMBER(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    double number;
    return json_number(value, &number) ? set_NUMBER(field, number, member, e) : wrong_type(field, "a number", e);
}

static enum err read_BOOL(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
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

static enum err read_PRESENCE(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, presence_state_name, member, e);
}

static enum err read_DEATH(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_choice(field, value, death_cause_name, member, e);
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

static enum err read_GAUGES(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_map(field, value, entry_is_gauge, member, e);
}

static enum err read_LABELS(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    return read_map(field, value, entry_is_label, member, e);
}

static enum err read_EXIT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e);

#define FIELD(message, type, name, low, high, required) \
    { #name, read_##type, offsetof(struct message, name), low, high, required },
#define TABLE(message, list)                                      \
    static const struct field message##_fields[] = { list(X) };   \
    _Static_assert(ARRAY_LEN(message##_fields) <= 64, "one bit"); \
    static const struct field_table message##_table = { message##_fields, ARRAY_LEN(message##_fields) };

#define X(type, name, low, high, required, doc) FIELD(exit_info, type, name, low, high, required)
TABLE(exit_info, EXIT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(heartbeat, type, name, low, high, required)
TABLE(heartbeat, HEARTBEAT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(presence, type, name, low, high, required)
TABLE(presence, PRESENCE_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(verdict_notice, type, name, low, high, required)
TABLE(verdict_notice, VERDICT_NOTICE_FIELDS)
#undef X

/* Looks from *at on, round the table: senders keep to one order, so the first look mostly hits. */
static const struct field *field_find(const struct field_table *table, const char *name, size_t *at)
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

static enum err fields_decode(const struct field_table *table, const struct cJSON *object, void *message,
                              struct errbuf *e)
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

static enum err read_EXIT(const struct field *field, const struct cJSON *value, void *member, struct errbuf *e)
{
    struct exit_info *exit = member;
    if (!cJSON_IsObject(value))
        return wrong_type(field, "an object", e);
    exit->known = true;
    return fields_decode(&exit_info_table, value, exit, e);
}

static enum err document_decode(const struct field_table *table, struct arena *arena, struct text json, void *message,
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

static enum err check_lease(const struct heartbeat *heartbeat, struct errbuf *e)
{
    if (heartbeat->lease_ms == INT_ABSENT || heartbeat->lease_ms >= 3 * heartbeat->interval_ms)
        return OK;
    return err_set(e, ERR_RANGE, "lease_ms: must be at least 3 times interval_ms");
}

enum err heartbeat_decode(struct arena *arena, struct text json, struct heartbeat *ret, struct errbuf *e)
{
    struct heartbeat heartbeat;
    heartbeat_init(&heartbeat);
    enum err err = document_decode(&heartbeat_table, arena, json, &heartbeat, e);
    if (!err)
        err = check_lease(&heartbeat, e);
    if (!err)
        *ret = heartbeat;
    return err;
}

enum err presence_decode(struct arena *arena, struct text json, struct presence *ret, struct errbuf *e)
{
    struct presence presence;
    presence_init(&presence);
    enum err err = document_decode(&presence_table, arena, json, &presence, e);
    if (!err)
        *ret = presence;
    return err;
}

enum err verdict_notice_decode(struct arena *arena, struct text json, struct verdict_notice *ret, struct errbuf *e)
{
    struct verdict_notice notice;
    verdict_notice_init(&notice);
    enum err err = document_decode(&verdict_notice_table, arena, json, &notice, e);
    if (!err)
        *ret = notice;
    return err;
}

enum err heartbeat_set_number(struct heartbeat *heartbeat, const char *name, double number, struct errbuf *e)
{
    size_t at = 0;
    const struct field *field = field_find(&heartbeat_table, name, &at);
    if (!field || (field->read != read_INT && field->read != read_NUMBER))
        return err_set(e, ERR_UNKNOWN, "no numeric field of that name");
    void *member = (char *)heartbeat + field->offset;
    if (field->read == read_NUMBER && isnan(number))
        *(double *)member = NAN;
    else if (field->read == read_NUMBER)
        return set_NUMBER(field, number, member, e);
    else if (isnan(number))
        *(int64_t *)member = INT_ABSENT;
    else
        return set_INT(field, number, member, e);
    return OK;
}

enum err ids_match(const char *in_document, struct text in_topic, const char *what, struct errbuf *e)
{
    if (!in_document || text_is(in_topic, in_document))
        return OK;
    return err_set(e, ERR_MISMATCH, "%s: the document says %s, the topic %.*s", what, in_document, (int)in_topic.len,
                   in_topic.at);
}
