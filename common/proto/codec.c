#include "codec.h"

#include <math.h>

#include "codec_fields.h"
#include "json_write.h"

static enum err check_lease(const void *message, struct errbuf *e)
{
    const struct heartbeat *heartbeat = message;
    if (heartbeat->lease_ms == INT_ABSENT || heartbeat->lease_ms >= 3 * heartbeat->interval_ms)
        return OK;
    return err_set(e, ERR_RANGE, "lease_ms: must be at least 3 times interval_ms");
}

#define FIELD(message, type, name, low, high, required) \
    { #name, sizeof #name - 1, &field_type_##type, offsetof(struct message, name), low, high, required },
#define TABLE(message, list, max_bytes, nulls, check)                                                             \
    static const struct field message##_fields[] = { list(X) };                                                   \
    _Static_assert(ARRAY_LEN(message##_fields) <= 64, "one bit");                                                 \
    static const struct field_table message##_table = { message##_fields, ARRAY_LEN(message##_fields), max_bytes, \
                                                        nulls, check };

#define X(type, name, low, high, required, doc) FIELD(exit_info, type, name, low, high, required)
TABLE(exit_info, EXIT_FIELDS, 0, true, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(last_exit, type, name, low, high, required)
TABLE(last_exit, LAST_EXIT_FIELDS, 0, true, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(worker_tally, type, name, low, high, required)
TABLE(worker_tally, WORKER_TALLY_FIELDS, 0, false, NULL)
#undef X

/* The objects within messages. */
static const struct field_type field_type_EXIT = { field_read_object, field_write_object, .table = &exit_info_table };
static const struct field_type field_type_LASTEXIT = { field_read_object, field_write_object,
                                                       .table = &last_exit_table };
static const struct field_type field_type_TALLY = { field_read_object, field_write_object,
                                                    .table = &worker_tally_table };

#define X(type, name, low, high, required, doc) FIELD(verdict_evidence, type, name, low, high, required)
TABLE(verdict_evidence, VERDICT_EVIDENCE_FIELDS, 0, true, NULL)
#undef X
static const struct field_type field_type_EVIDENCE = { field_read_object, field_write_object,
                                                       .table = &verdict_evidence_table };

#define X(type, name, low, high, required, doc) FIELD(gpu, type, name, low, high, required)
TABLE(gpu, GPU_FIELDS, 0, true, NULL)
#undef X

static enum err read_gpus(const struct field *field, const struct json_value *value, void *member, struct errbuf *e)
{
    struct gpu_list *list = member;
    if (value->type != JSON_ARRAY)
        return err_set(e, ERR_TYPE, "%s: must be an array", field->name);
    JSON_EACH(entry, value)
    {
        enum err err;
        if (list->count == MSG_GPUS_MAX)
            return err_set(e, ERR_TOO_LARGE, "%s: at most %d entries", field->name, MSG_GPUS_MAX);
        gpu_init(&list->at[list->count]);
        if ((err = field_read_object(field, entry, &list->at[list->count], e)) != OK)
            return err;
        list->count++;
    }
    return OK;
}

static void write_gpus(const struct field *field, const void *member, bool nulls, struct json_write *w)
{
    const struct gpu_list *list = member;
    (void)nulls;
    if (list->count == 0)
        return;
    json_open_member(w, field->name, '[');
    for (size_t i = 0; i < list->count; i++)
        fields_encode(&gpu_table, &list->at[i], w);
    json_close(w, ']');
}

static const struct field_type field_type_GPUS = { read_gpus, write_gpus, .table = &gpu_table };

#define X(type, name, low, high, required, doc) FIELD(heartbeat, type, name, low, high, required)
TABLE(heartbeat, HEARTBEAT_FIELDS, MSG_MAX_BYTES, false, check_lease)
#undef X
#define X(type, name, low, high, required, doc) FIELD(presence, type, name, low, high, required)
TABLE(presence, PRESENCE_FIELDS, MSG_MAX_FIXED, true, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(witness, type, name, low, high, required)
TABLE(witness, WITNESS_FIELDS, MSG_MAX_FIXED, true, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(hive_heartbeat, type, name, low, high, required)
TABLE(hive_heartbeat, HIVE_HEARTBEAT_FIELDS, MSG_MAX_FIXED, false, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(verdict_notice, type, name, low, high, required)
TABLE(verdict_notice, VERDICT_NOTICE_FIELDS, MSG_MAX_FIXED, false, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(verdict, type, name, low, high, required)
TABLE(verdict, VERDICT_FIELDS, MSG_MAX_FIXED, true, NULL)
#undef X
#define X(type, name, low, high, required, doc) FIELD(since, type, name, low, high, required)
TABLE(since, SINCE_FIELDS, MSG_MAX_FIXED, true, NULL)
#undef X

/* `ret` is set only when all of the document is right. */
#define DECODER(message, list)                                                                              \
    enum err message##_decode(struct arena *arena, struct text json, struct message *ret, struct errbuf *e) \
    {                                                                                                       \
        struct message got;                                                                                 \
        enum err err;                                                                                       \
        message##_init(&got);                                                                               \
        if ((err = document_decode(&message##_table, arena, json, &got, e)) == OK)                          \
            *ret = got;                                                                                     \
        return err;                                                                                         \
    }

MSG_DOCUMENTS(DECODER)

#define ENCODER(message)                                                  \
    void message##_encode(const struct message *message, struct buf *ret) \
    {                                                                     \
        struct json_write w = json_write_to(ret);                         \
        fields_encode(&message##_table, message, &w);                     \
    }

ENCODER(heartbeat)
ENCODER(presence)
ENCODER(hive_heartbeat)

void witness_put(const struct witness *witness, struct json_write *w)
{
    fields_encode(&witness_table, witness, w);
}

static const struct field gpus_field = { "gpus", 4, &field_type_GPUS, 0, 0, MSG_GPUS_MAX, false };

void gpu_list_put(const struct gpu_list *list, struct json_write *w)
{
    write_gpus(&gpus_field, list, false, w);
}

enum err gpu_list_read(const struct json_value *value, struct gpu_list *ret, struct errbuf *e)
{
    ret->count = 0;
    return read_gpus(&gpus_field, value, ret, e);
}

void exit_encode(const struct exit_info *exit, struct json_write *w)
{
    if (exit->known)
        fields_encode(&exit_info_table, exit, w);
    else
        json_put_null(w);
}

enum err heartbeat_set_number(struct heartbeat *heartbeat, const char *name, double number, struct errbuf *e)
{
    size_t at = 0;
    const struct field *field = field_find(&heartbeat_table, text_of(name), &at);
    void *member = field ? (char *)heartbeat + field->offset : NULL;
    if (!field || (field->type != &field_type_INT && field->type != &field_type_NUMBER))
        return err_set(e, ERR_UNKNOWN, "no numeric field of that name");
    if (!isnan(number)) /* as if it had been read */
        return field->type->read(field, &(struct json_value){ .type = JSON_NUMBER, .number = number }, member, e);
    if (field->type == &field_type_NUMBER)
        *(double *)member = NAN;
    else
        *(int64_t *)member = INT_ABSENT;
    return OK;
}

enum err ids_match(const char *in_document, struct text in_topic, const char *what, struct errbuf *e)
{
    if (!in_document || text_is(in_topic, in_document))
        return OK;
    return err_set(e, ERR_MISMATCH, "%s: %s in the document, %.*s in the topic", what, in_document, (int)in_topic.len,
                   in_topic.at);
}

#define INFO_ROW(type, name, low, high, required, doc) { #name, #type, doc, low, high, required },
#define INFO(message, list) const struct field_info message##_field_info[] = { list(INFO_ROW){ 0 } };
MSG_OBJECTS(INFO)
MSG_DOCUMENTS(INFO)
