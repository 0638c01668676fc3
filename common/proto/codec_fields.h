/* codec_fields.h - reading and writing by a table of fields: what codec.c makes its messages from. */
#ifndef SKEP_CODEC_FIELDS_H
#define SKEP_CODEC_FIELDS_H

#include "json_scan.h"
#include "json_write.h"

struct field;

/* Reads `value`, which is not null, into the member of that type. On failure the sentence names the field, and
 * only an object may have changed. */
typedef enum err field_read_fn(const struct field *field, const struct json_value *value, void *member,
                               struct errbuf *e);

/* Writes the member with its key. If it is absent: nothing, or null with `nulls`. */
typedef void field_write_fn(const struct field *field, const void *member, bool nulls, struct json_write *w);

struct field_table;
struct field_type {
    field_read_fn *read;
    field_write_fn *write;
    const char *(*name_of)(int);     /* of a choice: NULL behind the last one, and for -1 */
    const struct field_table *table; /* of an object, whose struct begins with `bool known` */
};

struct field {
    const char *name;
    size_t name_len;
    const struct field_type *type;
    size_t offset; /* of the member in the message's struct */
    double low, high;
    bool required;
};

struct field_table {
    const struct field *fields; /* at most 64 */
    size_t len;
    size_t max_bytes; /* of a document */
    bool nulls;       /* absent fields are written as null: the shape is fixed */
    enum err (*check)(const void *message, struct errbuf *e); /* of a document, beyond its fields; NULL = nothing */
};

/* One per type of msg_fields.h that is not a message's own object. */
extern const struct field_type field_type_TEXT, field_type_ID, field_type_TOKEN, field_type_HEX64, field_type_TIME,
    field_type_INT, field_type_NUMBER, field_type_BOOL, field_type_PRESENCE, field_type_DEATH, field_type_WITNESS,
    field_type_HIVE, field_type_GAUGES, field_type_LABELS, field_type_INDEXES;
field_read_fn field_read_object;
field_write_fn field_write_object;

/* Looks from *at on, round the table, and leaves *at behind what it found: senders keep to one order, so that the first
 * try mostly hits. NULL: no such field. */
const struct field *field_find(const struct field_table *table, struct text name, size_t *at);

/* Fills the members of `message` that `object` has; on failure some may be set already. */
enum err fields_decode(const struct field_table *table, const struct json_value *object, void *message,
                       struct errbuf *e);

/* The same from bytes, within the limits of a message; what is decoded lives in `arena`. */
enum err document_decode(const struct field_table *table, struct arena *arena, struct text json, void *message,
                         struct errbuf *e);

/* The object that fields_decode reads. */
void fields_encode(const struct field_table *table, const void *message, struct json_write *w);

#endif
