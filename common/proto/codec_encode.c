#include "codec.h"

#include <math.h>

#include "json_scan.h"
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

static void put_WITNESS(const struct encoder *encoder, const char *key, int8_t value)
{
    put_TEXT(encoder, key, witness_state_name(value));
}

static void put_HIVE(const struct encoder *encoder, const char *key, int8_t value)
{
    put_TEXT(encoder, key, hive_status_name(value));
}

static void put_MAP(const struct encoder *encoder, const char *key, const struct json_value *map)
{
    if (!map)
        return;
    json_open_member(encoder->w, key, '{');
    JSON_EACH(entry, map)
    {
        json_key(encoder->w, entry->key.at);
        if (entry->type == JSON_NUMBER)
            json_put_number(encoder->w, entry->number);
        else
            json_put_text(encoder->w, entry->string);
    }
    json_close(encoder->w, '}');
}
#define put_GAUGES put_MAP
#define put_LABELS put_MAP

static void put_EXIT(const struct encoder *encoder, const char *key, struct exit_info value)
{
    if (put_key(encoder, key, value.known))
        exit_encode(&value, encoder->w);
}

static void put_LASTEXIT(const struct encoder *encoder, const char *key, struct last_exit value);
static void put_TALLY(const struct encoder *encoder, const char *key, struct worker_tally value);

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

static void put_LASTEXIT(const struct encoder *outer, const char *key, struct last_exit value)
{
    const struct last_exit *last = &value;
    struct encoder encoder = { .w = outer->w, .nulls = true };
    if (!put_key(outer, key, last->known))
        return;
    if (!last->known) {
        json_put_null(outer->w);
        return;
    }
    json_open(encoder.w, '{');
#define X(type, name, low, high, required, doc) PUT(last, type, name)
    LAST_EXIT_FIELDS(X)
#undef X
    json_close(encoder.w, '}');
}

static void put_TALLY(const struct encoder *outer, const char *key, struct worker_tally value)
{
    const struct worker_tally *tally = &value;
    struct encoder encoder = *outer;
    if (!tally->known)
        return;
    json_open_member(encoder.w, key, '{');
#define X(type, name, low, high, required, doc) PUT(tally, type, name)
    WORKER_TALLY_FIELDS(X)
#undef X
    json_close(encoder.w, '}');
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

void witness_put(const struct witness *witness, struct json_write *w)
{
    struct encoder encoder = { .w = w, .nulls = true };
    json_open(w, '{');
#define X(type, name, low, high, required, doc) PUT(witness, type, name)
    WITNESS_FIELDS(X)
#undef X
    json_close(w, '}');
}

void witness_encode(const struct witness *witness, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    witness_put(witness, &w);
}

void hive_heartbeat_encode(const struct hive_heartbeat *heartbeat, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    struct encoder encoder = { .w = &w, .nulls = false };
    json_open(&w, '{');
#define X(type, name, low, high, required, doc) PUT(heartbeat, type, name)
    HIVE_HEARTBEAT_FIELDS(X)
#undef X
    json_close(&w, '}');
}
