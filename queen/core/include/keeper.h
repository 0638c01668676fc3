/* keeper.h - what a batch of the store holds, and how long it waits: first the events that are new, so that each is in
 * one batch with the verdict that it announced, then all rows that differ from what the store has. No I/O.
 *
 *     keeper_init(&keeper, queen);            // when all rows are restored
 *     after each step: takes = store takes a batch at now - keeper_wait(&keeper, commanded);
 *     keeper_turn(&keeper, takes, store has lost one);
 *     if (takes) { while (store has room && keeper_next(&keeper, commanded, &row)) put it; keeper_filled(...); commit }
 */
#ifndef SKEP_KEEPER_H
#define SKEP_KEEPER_H

#include "event.h"
#include "queen.h"

struct keeper {
    struct queen *queen;         /* borrowed */
    uint64_t given, kept;        /* events: that the store was given last; that it has for good */
    const struct event *next;    /* of the batch at hand; NULL = none */
    uint64_t missed;             /* ... that were gone before it took them, and which nobody has logged yet */
    bool is_full;                /* the last batch was: more follows, and is kept with it */
    char lost[EVENTS_LOST_SIZE]; /* the document of what was gone */
};

void keeper_init(struct keeper *keeper, struct queen *queen);

/* A batch waits so long for events that are being sent, or wait for the command of --on-event, which has got them up to
 * `commanded`: else a process that is killed leaves some of which nobody knows whether they got there. */
ms_t keeper_wait(const struct keeper *keeper, uint64_t commanded);

/* Before a batch is filled, or cannot be (`takes`): what was lost is given again. */
void keeper_turn(struct keeper *keeper, bool takes, bool has_lost);

/* The next row of the batch. Borrowed until the next call or step. False: that was all. */
bool keeper_next(struct keeper *keeper, uint64_t commanded, struct store_row *ret);

/* The batch ends. */
void keeper_filled(struct keeper *keeper, bool is_full);

#endif
