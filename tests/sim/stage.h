/* stage.h - one script for two brokers: the fake one and a real mosquitto. Both write down what each client sees, and
 * the notes are compared.
 *
 * Notes, one line each: `up`, `failed`, `suback N`, `puback XX`, `unsuback`, `TOPIC PAYLOAD qN [stored] [expires]`,
 * `closed`. */
#ifndef SIM_STAGE_H
#define SIM_STAGE_H

#include "buf.h"
#include "outbox.h"

#define STAGE_CLIENTS_MAX 4
#define STAGE_QUEUE_BYTES "200" /* max_queued_bytes */

struct stage;

/* Below what the bridge of the second broker takes: `out` to the first, `in` from it, `both` ways. */
#define STAGE_OUT "out/#"
#define STAGE_IN "in/#"
#define STAGE_BOTH "both/#"
#define STAGE_BRIDGE "edge" /* its remote client id */

struct stage_kind {
    struct stage *(*open)(bool edge); /* with a running broker, or a second one as well, and its bridge */
    void (*close)(struct stage *stage);
    /* The client, known by one letter. `will` may be NULL. */
    void (*connect)(struct stage *stage, char name, bool at_edge, const char *client_id, const struct publish *will);
    void (*subscribe)(struct stage *stage, char name, const struct subscribe *subscribe);
    void (*unsubscribe)(struct stage *stage, char name, const char *filter);
    void (*publish)(struct stage *stage, char name, const struct publish *publish);
    void (*disconnect)(struct stage *stage, char name);
    void (*drop)(struct stage *stage, char name);               /* its process dies */
    void (*broker)(struct stage *stage, const char *verb);      /* stop, kill, start */
    void (*edge)(struct stage *stage, const char *verb);        /* likewise, the second one */
    void (*settle)(struct stage *stage);                        /* until nothing more is under way */
    const struct buf *(*notes)(struct stage *stage, char name); /* "" for a client that never was */
};

extern const struct stage_kind stage_fake, stage_real;

/* The notes of one message received. */
void stage_note_message(struct buf *notes, const struct publish *publish);

#endif
