/* tenants.h - the records in the shares of their hives, and who makes room when there is none.
 *
 * The registry keeps it: what changes the tenure of a record calls tenants_update. Nothing here fails: the room for it
 * is in records and shares. */
#ifndef SKEP_TENANTS_H
#define SKEP_TENANTS_H

#include "record.h"
#include "share.h"

/* A new record, whose share is set; and one that goes: its share may end with it. */
void tenants_add(struct shares *shares, struct record *record);
void tenants_remove(struct shares *shares, struct record *record);

/* It may have another tenure now. */
void tenants_update(struct shares *shares, struct record *record);

/* A live sign of it came. */
void tenants_received(struct shares *shares, struct record *record, ms_t now);

/* It has documents now, and had none; or the other way round. */
void tenants_documents(struct record *record, bool has_some);

/* Who makes room for another worker of the hive of this name, where `max` workers are all, at monotonic time `now`;
 * absent: for another hive. NULL: nobody, it is refused. */
struct record *tenants_victim(const struct shares *shares, struct text hive, size_t max, ms_t now);

/* The same where those whose end waits to be announced are too many: the oldest of the hive that has most of them.
 * NULL: that is its own, or there is none. */
struct record *tenants_end(const struct shares *shares, struct text hive);

/* Whose documents make room for `more` bytes of a record's, where `max` bytes are all; NULL: nobody's, it does without.
 */
struct record *tenants_document_victim(const struct shares *shares, const struct record *record, size_t more,
                                       size_t max);

#endif
