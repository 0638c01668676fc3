/* hive_publish.h - what a hive publishes of its workers and of its host. */
#ifndef SKEP_HIVE_PUBLISH_H
#define SKEP_HIVE_PUBLISH_H

#include "hive_state.h"

/* Witnesses of the workers that have changed, if there is a link. */
void publish_changes(struct hive *hive);

/* Marks all witnesses as changed: after a connect, for a broker may have been rolled back. */
void publish_all_again(struct hive *hive);

/* Removes a worker's witness from the broker. */
void publish_removed(struct hive *hive, struct text worker);

/* The heartbeat, and when the next one is due. */
void publish_heartbeat(struct hive *hive);

/* Counts the workers of the roster. */
struct worker_tally tally_workers(const struct hive *hive);

/* One worker's witness as a JSON value. */
struct json_write;
void worker_witness_put(const struct hive *hive, const struct hive_worker *worker, struct json_write *w);

#endif
