/* hive_conf.h - the options of skep-hive, and the workers of its hive.ini. */
#ifndef SKEP_HIVE_CONF_H
#define SKEP_HIVE_CONF_H

#include "launch.h"
#include "service.h"
#include "word_list.h"

struct hive_conf {
    struct service_conf common;
    const char *id, *http, *http_host, *state_dir, *token_file, *gpu;
    char host[256];
    struct arena arena;
    struct roster roster;
    struct word_list agent_words; /* options of every agent */
    struct word_list agent_variables;
    int agent_line;               /* where [agent] begins; 0 = it does not */
    struct launch_options launch; /* of the agents; borrows from this struct */
};

extern const struct service hive_service;

#define HIVE_CONF_NO_WORKERS "this hive has no workers: [worker \"NAME\"] in the file of --config lists them"

/* Before service_configure. */
void hive_conf_init(struct hive_conf *conf);
void hive_conf_clear(struct hive_conf *conf);

/* What the rows cannot say alone, for service_configure: names the hive after its host if it has no name, refuses to
 * listen beyond the loopback without a token, and completes the launch options and the roster. */
enum err hive_conf_check(void *conf, struct errbuf *e);

/* Reads what `conf` was read from again. The errors of service_reread, with a sentence. `ret` is to be cleared, also
 * after an error. */
enum err hive_conf_reread(const struct hive_conf *conf, int argc, char **argv, struct hive_conf *ret, struct errbuf *e);

#endif
