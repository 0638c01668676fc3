/* probe_conf.h - the options and words of skep-probe. */
#ifndef SKEP_PROBE_CONF_H
#define SKEP_PROBE_CONF_H

#include "engine.h"
#include "service.h"

struct probe_conf {
    struct service_conf common; /* of a program without a broker */
    ms_t interval, every, timeout, stall;
    const char *token_file, *metrics_url, *model;
    bool token_in_clear, once;
    int64_t expect;
};

extern const struct service probe_service;

enum err probe_conf_check(void *conf, struct errbuf *e);

/* What is looked at. Texts live in the arena. */
struct probe_source {
    const struct engine *engine; /* NULL: `command` is run */
    char *const *command;
    const char *url, *metrics_url; /* without a slash at the end */
    bool connects_only;            /* a connection is all that is wanted */
    struct engine made;            /* of the rules below: `engine` where it is none of those that have a name */
    struct rule rules[RULES_MAX];
};

/* From ENGINE URL [FIELD=SOURCE...], ended by NULL. `ret` must stay where it is. The errors with a sentence. */
enum err probe_source_read(const struct probe_conf *conf, char **words, struct arena *arena, struct probe_source *ret,
                           struct errbuf *e);

#endif
