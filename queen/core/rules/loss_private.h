/* loss_private.h - what loss.c and loss_gate.c share. The gate: whether a loss may be judged by itself, not before its
 * hive has answered (R10), and not together with many others (R14). */
#ifndef SKEP_LOSS_PRIVATE_H
#define SKEP_LOSS_PRIVATE_H

#include "loss.h"

/* As loss.h describes them. */
enum loss_phase { PHASE_REQUESTED, PHASE_RETURN, PHASE_HIVE, PHASE_HELD, PHASE_STORM, PHASE_SILENCE, PHASE_DOUBT };

struct loss {
    struct loss *prev, *next; /* queen->losses; utlist */
    struct record *record;
    struct pending pending;   /* its subject is this loss */
    struct inquiry_wait wait; /* for the answer of its hive, or of its neighbours */
    enum loss_phase phase;
    bool by_will;       /* else by silence */
    bool held;          /* part of a storm (storm_holds), from PHASE_STORM on until loss_leave_storm */
    bool had_turn;      /* in PHASE_STORM, so that no storm holds it any more */
    uint8_t unanswered; /* ... and so many verifications were not answered since */
    ms_t lost_at;       /* watch time; by silence on the record's clock, like those below */
    ms_t over_at;       /* by silence: when its lease is over */
    ms_t began;         /* requests did, or its turn */
    ms_t until;         /* end of the phase; MS_NEVER = it ends by a message only */
    ms_t began_mono, found_mono;
    struct standing before; /* how the worker stood before the loss */
    enum cause cause;       /* in PHASE_HIVE: the verdict */
    struct evidence evidence;
};

/* The record has one from now on, which stands as it is. NULL: no memory. */
struct loss *loss_new(struct queen *queen, struct record *record, bool by_will);

#define STORM_MS 600000 /* the longest hold */

/* The clock by which it is judged. */
ms_t loss_time(const struct queen *queen, const struct loss *loss);

void loss_enter(struct queen *queen, struct loss *loss, enum loss_phase phase, ms_t until);

/* Nobody waits for a reply any more; one that is on the way still counts. */
void loss_stop_requesting(struct queen *queen, struct loss *loss);

/* No storm waits for its verdict any more. Twice is fine. */
void loss_leave_storm(struct queen *queen, struct loss *loss, bool has_returned);

/* Its lease ends later than a storm may wait for it. */
bool loss_outlasts_storm(const struct loss *loss);

/* Its hive is asked, if there is one whose word would say more: once, and again if the hive is suspect by now. */
void gate_ask_hive(struct queen *queen, struct loss *loss);

/* It is a loss like others, unless R10 goes before R14. True: a storm holds it from now on. */
bool gate_hold(struct queen *queen, struct loss *loss);

/* Whether a record without a loss is to get one, since something has to be waited for before a verdict on it. */
bool gate_is_closed(struct queen *queen, struct record *record);

/* It is lost, unless something is waited for. */
void gate_found(struct queen *queen, struct loss *loss, enum cause cause, struct evidence evidence);

/* ... and that has come, or was waited for long enough. */
void gate_waited(struct queen *queen, struct loss *loss);

/* R12: one grace after the snapshot, or after a later one that showed the record first. */
ms_t gate_grace_until(const struct queen *queen, const struct record *record);

#endif
