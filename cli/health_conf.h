/* health_conf.h - the options of the commands that request health: health, queen, hive. */
#ifndef SKEP_CLI_HEALTH_CONF_H
#define SKEP_CLI_HEALTH_CONF_H

#include "command.h"
#include "health_poll.h"
#include "service.h"

struct health_conf {
    struct cli_conf common;
    struct service_conf daemon; /* broker and root alone */
    const char *id;             /* of the daemon; NULL = its own default */
    const char *http_url, *multiplier, *jitter;
    int64_t attempts;
    ms_t initial_delay, max_delay, attempt_timeout;
    bool wait;
};

#define HEALTH_CONF(member) offsetof(struct health_conf, member)

/* Tables of options: the start-up poll; broker and root with the defaults of every program; the same without a default,
 * where a value that was not given is NULL. The latter two are filled in by health_conf_init. */
extern const struct conf_option health_poll_rows[];
extern struct conf_option health_broker_rows[SERVICE_BROKER_ROWS + 1], health_daemon_rows[SERVICE_BROKER_ROWS + 1];
void health_conf_init(void);

/* Where `target` answers over HTTP: --http-url, or the default of its kind; NULL = not known. */
const char *health_conf_url(const struct health_conf *conf, const struct health_target *target);

/* The start-up poll, or, without `wait`, a single request. Of `poll` the caller sets what is not among these options:
 * http_url, name, pid, child. ERR_SYNTAX for a wrong value, and the errors of health_poll_run. */
enum err health_conf_run(const struct health_conf *conf, const struct health_target *target, bool wait,
                         struct health_poll_options *poll, struct health_outcome *ret, struct errbuf *e);

/* The closing line on stdout, and what it comes to: OK; ERR_STATE not healthy; ERR_UNREACHABLE nobody answered a single
 * request; ERR_IO the daemon died; ERR_REFUSED it ended with EXIT_REFUSED. */
enum err health_conclude(const char *name, bool waited, const struct health_outcome *outcome, struct errbuf *e);

#endif
