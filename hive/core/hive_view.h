/* hive_view.h - the hive's documents: its health, and its workers. The same over MQTT and HTTP. */
#ifndef SKEP_HIVE_VIEW_H
#define SKEP_HIVE_VIEW_H

#include "hive_state.h"
#include "json_write.h"

#define HIVE_VIEW_LIMIT_MAX ROSTER_MAX

/* Writes the health document; the HTTP status that goes with it. */
int hive_view_health(const struct hive *hive, struct buf *ret);

/* {"workers":[witness...],"next":CURSOR|null}: at most `limit` of them behind the name `cursor` (NULL = from the
 * start), by name. */
void hive_view_workers(const struct hive *hive, size_t limit, const char *cursor, struct buf *ret);

#endif
