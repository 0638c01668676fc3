#include "codec.h"

#include <math.h>

#include <cjson/cJSON.h>

#include "json_write.h"

struct encoder {
    struct json_write *w;
    bool nulls; /* absent fields are null, not left out */
};

/* Writes the key unless the field is to be left out; the value must follow then. */
static bool put_key(const struct encoder *encoder, const char *key, bool present)
{
    if (present || encoder->nulls)
        json_key(encoder->w, key);
    return present || encoder->nulls;
}

/* Writers, one per type of msg_fields.h, named by the type so that the lists can call them. */

static void put_TEXT(const struct encoder *encoder, const char *key, const char *value)
{
    if (put_key(encoder, key, value != NULL))
        json_put_str(encoder->w, value);
}
#define put_TOKEN put_TEXT

static void put_ID(const struct encoder *encoder, const char *key, const char *value)
{
    if (value)
        put_TEXT(encoder, key, value);
}

static void put_HEX64(const struct encoder *encoder, const char *key, uint64_t value)
{
    if (put_key(encoder, key, value != 0))
        json_put_hex64(encoder->w, value);
}

static void put_TIME(const struct encoder *encoder, const char *key, ms_t value)
{
    if (put_key(encoder, key, value != TIME_ABSENT))
        json_put_time(encoder->w, value);
}

static void put_INT(const struct encoder *encoder, const char *key, int64_t value)
{
    if (!put_key(encoder, key, value != INT_ABSENT))
        return;
    if (value == INT_ABSENT)
        json_put_null(encoder->w);
    else
        json_put_int(encoder->w, value);
}

static void put_NUMBER(const struct encoder *encoder, const char *key, double value)
{
    if (put_key(encoder, key, !isnan(value)))
        json_put_number(encoder->w, value);
}

static void put_BOOL(const struct encoder *encoder, const char *key, int8_t value)
{
    if (put_key(encoder, key, value >= 0))
        json_put_raw(encoder->w, text_of(value < 0 ? NULL : value ? "true" : "false"));
}

static void put_PRESENCE(const struct encoder *encoder, const char *key, int8_t value)
{
    put_TEXT(encoder, key, presence_state_name(value));
}

static void put_DEATH(const struct encoder *encoder, const char *key, int8_t value)
{
    put_TEXT(encoder, key, death_cause_name(value));
}

static void put_GAUGES(const struct encoder *encoder, const char *key, const struct cJSON *value)
{
    if (!value)
        return;
    json_key(encoder->w, key);
    json_open(encoder->w, '{');
    for (const struct cJSON *entry = value->child; entry; entry = entry->next) {
        json_key(encoder->w, entry->string);
        json_put_number(encoder->w, entry->valuedouble);
    }
    json_close(encoder->w, '}');
}

static void put_LABELS(const struct encoder *encoder, const char *key, const struct cJSON *value)
{
    if (!value)
        return;
    json_key(encoder->w, key);
    json_open(encoder->w, '{');
    for (const struct cJSON *entry = value->child; entry; entry = entry->next) {
        json_key(encoder->w, entry->string);
        json_put_str(encoder->w, entry->valuestring);
    }
    json_close(encoder->w, '}');
}

static void put_EXIT(const struct encoder *encoder, const char *key, struct exit_info value)
{
    if (put_key(encoder, key, value.known))
        exit_encode(&value, encoder->w);
}

#define PUT(message, type, name) put_##type(&encoder, #name, message->name);

void exit_encode(const struct exit_info *exit, struct json_write *w)
{
    struct encoder encoder = { .w = w, .nulls = true };
    if (!exit->known) {
        json_put_null(w);
        return;
    }
    json_open(w, '{');
#define X(type, name, low, high, required, doc) PUT(exit, type, name)
    EXIT_FIELDS(X)
#undef X
    json_close(w, '}');
}

void heartbeat_encode(const struct heartbeat *heartbeat, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    struct encoder encoder = { .w = &w, .nulls = false };
    json_open(&w, '{');
#define X(type, name, low, high, required, doc) PUT(heartbeat, type, name)
    HEARTBEAT_FIELDS(X)
#undef X
    json_close(&w, '}');
}

void presence_encode(const struct presence *presence, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    struct encoder encoder = { .w = &w, .nulls = true };
    json_open(&w, '{');
#define X(type, name, low, high, required, doc) PUT(presence, type, name)
    PRESENCE_FIELDS(X)
#undef X
    json_close(&w, '}');
}
