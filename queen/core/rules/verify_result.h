/* verify_result.h - what came of a verification: as it is shown to the requester. Pure. */
#ifndef SKEP_VERIFY_RESULT_H
#define SKEP_VERIFY_RESULT_H

#include "json_write.h"
#include "record.h"

/* The latest finished verification of a record. */
struct verified {
    enum verify_result result;
    enum evidence_path path; /* PATH_MQTT, PATH_HTTP, or PATH_WITNESS for the hive's word */
    bool refused;            /* the broker did not let the queen ask */
    bool late;               /* it came after the deadline */
    ms_t at_wall, began;     /* began: monotonic, when it was first asked for */
    ms_t took;
};

/* {"at","result","path","took_ms"}; null for NULL. */
void verification_write(const struct verified *verified, struct json_write *w);

/* The answer to whoever asked for it: {"worker_id","hive_id","result","path","took_ms","state"}. */
void verified_write(const struct record *record, const struct verified *verified, struct json_write *w);

#endif
