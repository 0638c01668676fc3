/* agent_conf.h - the options of skep-worker. */
#ifndef SKEP_AGENT_CONF_H
#define SKEP_AGENT_CONF_H

#include "agent_settings.h"
#include "service.h"

struct agent_conf {
    struct service_conf common;
    struct agent_settings settings;
    const char *id, *hive;
    uint64_t session; /* 0 = random */
    bool exec, read_stdin, simulate;
    int64_t attach_pid;      /* 0 = none */
    const char *attach_unit; /* with its suffix; NULL = none */
    const char *feed;        /* a command; NULL = none */
    ms_t stdin_timeout;      /* 0 = three intervals */
};

extern const struct service agent_service;

/* What the rows of the table cannot say: the id is there, exactly one source or a feed, loopback only, whole seconds.
 */
enum err agent_conf_check(void *conf, struct errbuf *e);

/* The words behind the options: the command of --exec, and nothing else without it. ERR_MISSING, ERR_UNKNOWN. */
enum err agent_command_check(const struct agent_conf *conf, char **command, struct errbuf *e);

#endif
