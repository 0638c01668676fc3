/* mqtt_link_parts.h - inside of mqtt_link: what its files share. */
#ifndef SKEP_MQTT_LINK_PARTS_H
#define SKEP_MQTT_LINK_PARTS_H

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "mqtt_link.h"

#define MQTT_PACKET_IDS (UINT16_MAX + 1)
/* A turn of the loop reads no more packets and no longer than this, so that nothing else starves. The clock is looked
 * at now and then: per packet it would cost more than small packets do. */
#define MQTT_BURST_MAX 2000
#define MQTT_BURST_MS 20
#define MQTT_BURST_LOOK 64 /* packets */

/* To be woken costs as much as to read a packet. A link on which a wake brought a few packets is busy: it looks again
 * after a rest, and finds more of them. bench_ingest, seven fields: 0.8 instead of 1.1 to 1.2 of a counting subscriber.
 */
#define MQTT_BUSY 4    /* packets */
#define MQTT_REST_MS 1 /* a moment in which what the kernel buffers does not fill up */

struct mqtt_link {
    struct mosquitto *mosquitto;
    struct loop_fd *watch;   /* of `fd`; NULL until connected */
    struct loop_timer *rest; /* NULL until connected */
    bool resting;            /* not read until `rest` fires */
    struct mqtt_link_owner owner;
    struct mqtt_target *target; /* a reference */
    struct loop *loop;
    int fd;          /* a duplicate: libmosquitto closes its own before it says so */
    bool connecting; /* the thread pool has the client: keep off */
    bool abandoned;  /* freed meanwhile */
    bool up, ended, was_up;
    bool in_burst;             /* `packet` was called, `drained` was not yet */
    bool cut;                  /* the latest burst ended at its limit: more may lie there */
    unsigned handed;           /* callbacks since the burst began */
    enum err fault;            /* of mqtt_connect */
    struct errbuf connect_why; /* of mqtt_connect, written on the thread pool */
    struct errbuf logged;      /* the first error that libmosquitto logged, until it is up */
    struct errbuf why;
    uint64_t tokens[MQTT_PACKET_IDS]; /* by packet id; 0 = nobody asked */
};

/* mqtt_link.c */
void mqtt_link_end_by_fault(struct mqtt_link *link, int fault, int number); /* of libmosquitto, and its errno */
void mqtt_link_set_interests(struct mqtt_link *link); /* after everything that may have queued a packet */

/* mqtt_link_receive.c */
void mqtt_link_hear(struct mqtt_link *link); /* sets libmosquitto's callbacks */
void mqtt_link_read(struct mqtt_link *link); /* one burst */

/* mqtt_link_send.c */
enum err mqtt_link_error(int fault);          /* a fault of libmosquitto as callers see it */
void mqtt_link_write(struct mqtt_link *link); /* what is queued */

#endif
