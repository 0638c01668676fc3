/* health_answer.h - what of a health document counts here. Pure. */
#ifndef SKEP_HEALTH_ANSWER_H
#define SKEP_HEALTH_ANSWER_H

#include "arena.h"
#include "health.h"

struct cJSON;

struct health_answer {
    enum health_status status;
    char description[96]; /* printable; "" = none */
    char checks[256];     /* those that do not pass, as "workers:failed 2, mqtt:link down"; likewise */
    int64_t pid;          /* of a queen or hive; INT_ABSENT = unknown */
};

/* From a document. ERR_TYPE: it is none; ERR_MISMATCH: it is of somebody else than `service_id` ("" = anybody). Each
 * with a sentence. */
enum err health_answer_read(const struct cJSON *document, const char *service_id, struct health_answer *ret,
                            struct errbuf *e);

/* The same from the body of an HTTP response, parsed into `arena`. */
enum err health_answer_parse(struct arena *arena, struct text body, const char *service_id, struct health_answer *ret,
                             struct errbuf *e);

#endif
