/* codec.h - messages <-> JSON bytes, driven by the field lists. All limits of docs/protocol.md are enforced here.
 *
 * Decoding: outputs live in `arena`; on failure *ret is untouched and the sentence names the field. Unknown fields are
 * accepted. Absent and null are the same. */
#ifndef SKEP_CODEC_H
#define SKEP_CODEC_H

#include "arena.h"
#include "buf.h"
#include "msg.h"

/* heartbeat_decode and so on. Beyond the field table of a heartbeat: lease_ms >= 3 x interval_ms (ERR_RANGE). */
#define X(message, list) \
    enum err message##_decode(struct arena *arena, struct text json, struct message *ret, struct errbuf *e);
MSG_DOCUMENTS(X)
#undef X

/* Sets an INT or NUMBER field by its name, within the table's range; NAN makes it absent. ERR_UNKNOWN for a name that
 * is no such field, ERR_RANGE, ERR_TYPE for a fraction in an INT. Not checked: lease_ms against interval_ms. */
enum err heartbeat_set_number(struct heartbeat *heartbeat, const char *field, double number, struct errbuf *e);

/* Every present field, in the list's order; absent ones are left out of a heartbeat, and `null` in a presence and a
 * witness, whose shape is fixed (ids that the sender does not have are left out). */
void heartbeat_encode(const struct heartbeat *heartbeat, struct buf *ret);
void presence_encode(const struct presence *presence, struct buf *ret);
void hive_heartbeat_encode(const struct hive_heartbeat *heartbeat, struct buf *ret);
struct json_write;
void witness_put(const struct witness *witness, struct json_write *w); /* as one value of a larger document */
void exit_encode(const struct exit_info *exit, struct json_write *w);  /* EXIT or null */

/* The member `gpus` of a hive's heartbeat in another document. *ret may change on failure; its texts are those of
 * `value`. */
struct json_value;
void gpu_list_put(const struct gpu_list *list, struct json_write *w);
enum err gpu_list_read(const struct json_value *value, struct gpu_list *ret, struct errbuf *e);

/* ERR_MISMATCH when an id in the document contradicts the topic's. NULL `in_document` is fine. */
enum err ids_match(const char *in_document, struct text in_topic, const char *what, struct errbuf *e);

/* One row of a message's table, for documentation tests. */
struct field_info {
    const char *name, *type, *doc;
    double low, high;
    bool required;
};
/* heartbeat_field_info and so on; each ends with a NULL name. */
#define X(message, list) extern const struct field_info message##_field_info[];
MSG_OBJECTS(X)
MSG_DOCUMENTS(X)
#undef X

#endif
