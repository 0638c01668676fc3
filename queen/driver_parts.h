/* driver_parts.h - inside of the driver: what its files share. */
#ifndef SKEP_QUEEN_DRIVER_PARTS_H
#define SKEP_QUEEN_DRIVER_PARTS_H

#include "broker_link.h"
#include "http_asks.h"
#include "httpd.h"
#include "log.h"
#include "on_event.h"
#include "queen.h"
#include "queen_driver.h"
#include "topic.h"

struct driver {
    const struct queen_conf *conf;
    struct loop *loop;
    struct loop_timer *tick; /* wakes the loop at the core's deadline */
    struct broker_link *link;
    struct httpd *httpd;
    struct on_event *on_event; /* NULL without --on-event */
    struct http_asks *asks;    /* NULL without --verify-http */
    struct queen *queen;
    struct outbox outbox;
    struct log_limit notices;
    ms_t now, wall; /* of the burst at hand */
    int exit_code;
};

/* driver_effects.c */
void driver_carry_out(struct driver *driver); /* everything in the outbox */

/* driver_make.c */
enum err driver_make(struct driver *driver, const struct broker_link_events *link_events,
                     const struct httpd_handlers *handlers, struct errbuf *e);
void driver_unmake(struct driver *driver);

#endif
