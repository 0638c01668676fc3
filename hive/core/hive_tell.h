/* hive_tell.h - what a hive publishes of its workers and of its host. */
#ifndef SKEP_HIVE_TELL_H
#define SKEP_HIVE_TELL_H

#include "hive_state.h"

/* A retained message on a topic of the hive's own; absent payload: removes what is stored there. */
void tell(struct hive *hive, const struct topic *topic, struct text payload);

/* Witnesses of the workers that have changed, if there is a link. */
void tell_changes(struct hive *hive);

/* Marks all witnesses as changed: after a connect, for a broker may have been rolled back. */
void tell_all_again(struct hive *hive);

/* Removes a worker's witness from the broker. */
void tell_removed(struct hive *hive, struct text worker);

/* The heartbeat, and when the next one is due. */
void tell_beat(struct hive *hive);

/* Counts the workers of the roster. */
struct worker_tally tell_tally(const struct hive *hive);

/* One worker's witness as a JSON value. */
struct json_write;
void tell_witness(const struct hive *hive, const struct hive_worker *worker, struct json_write *w);

#endif
