/* verdict_write.h - a record's verdict as the document that is published, and its parts, which lists show as well:
 * docs/protocol.md, "Presence, witness, hive, verdict, event". `now` is monotonic. */
#ifndef SKEP_VERDICT_WRITE_H
#define SKEP_VERDICT_WRITE_H

#include "json_write.h"
#include "record.h"

void verdict_write(const struct record *record, const char *queen_id, ms_t now, struct json_write *w);

/* Each writes the member of its name. */
void evidence_write(const struct record *record, struct json_write *w);
void incident_write(const struct record *record, struct json_write *w);
void flags_write(const struct record *record, ms_t now, struct json_write *w);

#endif
