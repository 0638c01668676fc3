/* probe_conf.h - the options and words of skep-probe. */
#ifndef SKEP_PROBE_CONF_H
#define SKEP_PROBE_CONF_H

#include "engine.h"
#include "service.h"

/* What is looked at. Texts live in the arena. */
struct probe_source {
    const struct engine *engine; /* NULL: `command` is run */
    char *const *command;
    const char *url, *metrics_url; /* without a slash at the end */
    bool connects_only;            /* a connection is all that is wanted */
    struct engine made;            /* of the rules below: `engine` where it is none of those that have a name */
    struct rule rules[RULES_MAX];
};

/* Lies where it is. `argv` and `arena` are set before the options are read. */
struct probe_conf {
    struct service_conf common; /* of a program without a broker */
    ms_t interval, every, timeout, stall;
    const char *api_key_file, *metrics_url, *model;
    bool api_key_in_clear, once;
    int64_t expect;
    char *const *argv; /* borrowed; ended by NULL */
    int next;          /* the first word of ENGINE URL [FIELD=SOURCE...] */
    struct arena *arena;
    struct probe_source source; /* what these words are, and */
    char *api_key;              /* what the file has; both of the check below. secret_free; NULL = none */
};

extern const struct service probe_service;

enum err probe_conf_check(void *conf, struct errbuf *e);

#endif
