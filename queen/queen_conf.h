/* queen_conf.h - the options of skep-queen. */
#ifndef SKEP_QUEEN_CONF_H
#define SKEP_QUEEN_CONF_H

#include "service.h"

struct queen_conf {
    struct service_conf common;
    const char *id, *http, *token_file, *expect, *on_event;
    ms_t stale_after, confirm_wait, return_grace, keep_alive;
    int64_t max_workers, max_state;
};

extern const struct service queen_service;

/* What the rows cannot say alone: the refusal to listen beyond the loopback without a token. */
enum err queen_conf_check(void *conf, struct errbuf *e);

#endif
