/* queen_conf.h - the options of skep-queen. */
#ifndef SKEP_QUEEN_CONF_H
#define SKEP_QUEEN_CONF_H

#include "cidr.h"
#include "queen.h"
#include "service.h"

struct queen_conf {
    struct service_conf common;
    struct queen_options core; /* as far as options say it: the driver adds the rest */
    const char *http, *http_host, *token_file, *expect, *on_event, *verify_http, *sd, *state_dir, *devices_file;
    char *token;                     /* that --token-file holds; NULL without */
    struct buf expected;             /* what --expect holds */
    struct devices *devices;         /* what --devices holds; NULL without */
    struct cidr_list http_allowlist; /* what --verify-http lists; empty = off */
    struct cidr_list sd_endpoints;   /* ... --sd-endpoints */
};

extern const struct service queen_service;

static inline bool queen_conf_has_store(const struct queen_conf *conf)
{
    return conf->state_dir && conf->state_dir[0];
}

/* What the rows cannot say alone: the refusal to listen beyond the loopback without a token, and the files, which it
 * reads. The caller clears the configuration, also when this fails. */
enum err queen_conf_check(void *conf, struct errbuf *e);
void queen_conf_clear(struct queen_conf *conf);

/* Reads what `conf` was read from again: the files that it names may hold something else. The errors of service_reread,
 * with a sentence. *ret, which is zero at first and whose values live in `arena`, is to be cleared, also after an
 * error.
 */
enum err queen_conf_reread(const struct queen_conf *conf, int argc, char **argv, struct arena *arena,
                           struct queen_conf *ret, struct errbuf *e);

/* The core of a configuration, which alone can read the list of --expect. What the options do not say is in `core`. The
 * errors of queen_new, with a sentence that names the file; borrows from all. */
enum err queen_conf_make(const struct queen_conf *conf, const struct queen_options *core, ms_t now, ms_t wall,
                         struct queen **ret, struct errbuf *e);

#endif
