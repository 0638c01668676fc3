/* hive_driver_parts.h - inside of the driver: what its files share. */
#ifndef SKEP_HIVE_DRIVER_PARTS_H
#define SKEP_HIVE_DRIVER_PARTS_H

#include "agents.h"
#include "broker_link.h"
#include "hive.h"
#include "hive_driver.h"
#include "httpd.h"
#include "log.h"
#include "state_dir.h"

#define ENDPOINT_SIZE 320

struct hive_driver {
    struct hive_conf *conf;
    int argc;
    char **argv;
    struct hive_conf *current; /* whose roster and [agent] count: `conf`, or, owned, what the last HUP brought */
    struct loop *loop;
    struct loop_timer *tick; /* wakes the loop at the core's deadline */
    struct broker_link *link;
    struct httpd *httpd;
    struct agents *agents;
    struct state_dir *state; /* NULL without --state-dir */
    struct hive *hive;
    struct outbox outbox;
    struct log_limit notices;
    char host[256], endpoint[ENDPOINT_SIZE];
    ms_t now, wall;
    bool has_left;  /* the broker */
    bool is_ending; /* as soon as it has left the broker */
    int exit_code;
};

/* driver.c: time is read, the core steps, effects are carried out. */
void hive_driver_take(struct hive_driver *driver, struct hive_input *input);

/* driver_orders.c */
bool hive_driver_carry_out_orders(struct hive_driver *driver); /* false: not all, so that the loop has its turn */
enum err hive_driver_adopt(struct hive_driver *driver, struct errbuf *e); /* what the state directory lists */
extern const struct agents_events hive_driver_agents_events;

/* driver_make.c */
enum err hive_driver_make(struct hive_driver *driver, const struct broker_link_events *link_events,
                          const struct httpd_handlers *handlers, struct errbuf *e);
void hive_driver_unmake(struct hive_driver *driver);
void hive_driver_replace_conf(struct hive_driver *driver, struct hive_conf *fresh); /* taken */

#endif
