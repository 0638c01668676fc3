/* health_target.h - whose health is requested: queen/ID, hive/ID, worker/[HIVE/]ID, or a URL. Pure. */
#ifndef SKEP_CLI_HEALTH_TARGET_H
#define SKEP_CLI_HEALTH_TARGET_H

#include "topic.h"

enum target_kind { TARGET_QUEEN, TARGET_HIVE, TARGET_WORKER, TARGET_URL };

struct health_target {
    enum target_kind kind;
    char hive[NAME_SIZE]; /* of a worker; "default" when none was given */
    bool hive_given;
    char id[NAME_SIZE];
    const char *url;                /* TARGET_URL: borrowed from the word */
    char service_id[3 * NAME_SIZE]; /* what its health document must say; "" for a URL */
};

/* ERR_SYNTAX or ERR_ID with a sentence. */
enum err health_target_parse(const char *word, struct health_target *ret, struct errbuf *e);

/* Another hive of the same worker. ERR_ID. */
enum err health_target_set_hive(struct health_target *target, const char *hive, struct errbuf *e);

/* The topic of its `health` method; not for a URL. ERR_TOPIC when root and names are too long together. */
enum err health_target_topic(const struct health_target *target, const char *root, char ret[TOPIC_SIZE]);

#endif
