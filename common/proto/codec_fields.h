/* codec_fields.h - decoding by a table of fields: what codec.c makes its messages from. */
#ifndef SKEP_CODEC_FIELDS_H
#define SKEP_CODEC_FIELDS_H

#include "arena.h"

struct json_value;
struct field;

/* Reads `value`, which is not null, into the member of that type. On failure the sentence names the field. */
typedef enum err field_read_fn(const struct field *field, const struct json_value *value, void *member,
                               struct errbuf *e);

struct field {
    const char *name;
    size_t name_len;
    field_read_fn *read;
    size_t offset; /* of the member in the message's struct */
    double low, high;
    bool required;
};

struct field_table {
    const struct field *fields; /* at most 64 */
    size_t len;
};

/* One per type of msg_fields.h that is not a message's own object. */
field_read_fn field_read_TEXT, field_read_ID, field_read_HEX64, field_read_TIME, field_read_INT, field_read_NUMBER,
    field_read_BOOL, field_read_PRESENCE, field_read_DEATH, field_read_WITNESS, field_read_HIVE, field_read_GAUGES,
    field_read_LABELS;
#define field_read_TOKEN field_read_ID

/* A number as the field's table allows it. */
enum err field_set_INT(const struct field *field, double number, void *member, struct errbuf *e);
enum err field_set_NUMBER(const struct field *field, double number, void *member, struct errbuf *e);

/* Looks from *at on, round the table, and leaves *at behind what it found: senders keep to one order, so that the first
 * try mostly hits. NULL: no such field. */
const struct field *field_find(const struct field_table *table, struct text name, size_t *at);

/* Fills the members of `message` that `object` has; on failure some may be set already. */
enum err fields_decode(const struct field_table *table, const struct json_value *object, void *message,
                       struct errbuf *e);

/* The same from bytes, within the limits of a message; what is decoded lives in `arena`. */
enum err document_decode(const struct field_table *table, struct arena *arena, struct text json, void *message,
                         struct errbuf *e);

#endif
