#include "codec.h"

#include <math.h>

#include "codec_fields.h"
#include "json_scan.h"

/* The objects within messages. */
static field_read_fn field_read_EXIT, field_read_LASTEXIT, field_read_TALLY;

#define FIELD(message, type, name, low, high, required) \
    { #name, sizeof #name - 1, field_read_##type, offsetof(struct message, name), low, high, required },
#define TABLE(message, list)                                      \
    static const struct field message##_fields[] = { list(X) };   \
    _Static_assert(ARRAY_LEN(message##_fields) <= 64, "one bit"); \
    static const struct field_table message##_table = { message##_fields, ARRAY_LEN(message##_fields) };

#define X(type, name, low, high, required, doc) FIELD(exit_info, type, name, low, high, required)
TABLE(exit_info, EXIT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(last_exit, type, name, low, high, required)
TABLE(last_exit, LAST_EXIT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(worker_tally, type, name, low, high, required)
TABLE(worker_tally, WORKER_TALLY_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(heartbeat, type, name, low, high, required)
TABLE(heartbeat, HEARTBEAT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(presence, type, name, low, high, required)
TABLE(presence, PRESENCE_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(witness, type, name, low, high, required)
TABLE(witness, WITNESS_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(hive_heartbeat, type, name, low, high, required)
TABLE(hive_heartbeat, HIVE_HEARTBEAT_FIELDS)
#undef X
#define X(type, name, low, high, required, doc) FIELD(verdict_notice, type, name, low, high, required)
TABLE(verdict_notice, VERDICT_NOTICE_FIELDS)
#undef X

static enum err object_decode(const struct field *field, const struct json_value *value,
                              const struct field_table *table, void *message, struct errbuf *e)
{
    if (value->type != JSON_OBJECT)
        return err_set(e, ERR_TYPE, "%s: must be an object", field->name);
    return fields_decode(table, value, message, e);
}

static enum err field_read_EXIT(const struct field *field, const struct json_value *value, void *member,
                                struct errbuf *e)
{
    struct exit_info *exit = member;
    exit->known = true;
    return object_decode(field, value, &exit_info_table, exit, e);
}

static enum err field_read_LASTEXIT(const struct field *field, const struct json_value *value, void *member,
                                    struct errbuf *e)
{
    struct last_exit *last = member;
    last->known = true;
    return object_decode(field, value, &last_exit_table, last, e);
}

static enum err field_read_TALLY(const struct field *field, const struct json_value *value, void *member,
                                 struct errbuf *e)
{
    struct worker_tally *tally = member;
    tally->known = true;
    return object_decode(field, value, &worker_tally_table, tally, e);
}

static enum err check_lease(const struct heartbeat *heartbeat, struct errbuf *e)
{
    if (heartbeat->lease_ms == INT_ABSENT || heartbeat->lease_ms >= 3 * heartbeat->interval_ms)
        return OK;
    return err_set(e, ERR_RANGE, "lease_ms: must be at least 3 times interval_ms");
}

static enum err check_nothing(const void *message, struct errbuf *e)
{
    (void)message;
    (void)e;
    return OK;
}

/* `ret` is set only when all of the document is right. */
#define DECODER(message, check)                                                                                    \
    enum err message##_decode(struct arena *arena, struct text json, struct message *ret, struct errbuf *e)        \
    {                                                                                                              \
        struct message got;                                                                                        \
        enum err err;                                                                                              \
        message##_init(&got);                                                                                      \
        if ((err = document_decode(&message##_table, arena, json, &got, e)) == OK && (err = check(&got, e)) == OK) \
            *ret = got;                                                                                            \
        return err;                                                                                                \
    }

DECODER(heartbeat, check_lease)
DECODER(presence, check_nothing)
DECODER(witness, check_nothing)
DECODER(hive_heartbeat, check_nothing)
DECODER(verdict_notice, check_nothing)

enum err heartbeat_set_number(struct heartbeat *heartbeat, const char *name, double number, struct errbuf *e)
{
    size_t at = 0;
    const struct field *field = field_find(&heartbeat_table, text_of(name), &at);
    if (!field || (field->read != field_read_INT && field->read != field_read_NUMBER))
        return err_set(e, ERR_UNKNOWN, "no numeric field of that name");
    void *member = (char *)heartbeat + field->offset;
    if (field->read == field_read_NUMBER && isnan(number))
        *(double *)member = NAN;
    else if (field->read == field_read_NUMBER)
        return field_set_NUMBER(field, number, member, e);
    else if (isnan(number))
        *(int64_t *)member = INT_ABSENT;
    else
        return field_set_INT(field, number, member, e);
    return OK;
}

enum err ids_match(const char *in_document, struct text in_topic, const char *what, struct errbuf *e)
{
    if (!in_document || text_is(in_topic, in_document))
        return OK;
    return err_set(e, ERR_MISMATCH, "%s: %s in the document, %.*s in the topic", what, in_document, (int)in_topic.len,
                   in_topic.at);
}
