/* judge.h - the rules by which live messages and silence are judged: R1 to R5, R9, R11 (docs/semantics.md). */
#ifndef SKEP_JUDGE_H
#define SKEP_JUDGE_H

#include "change.h"

/* What judging takes from a heartbeat, whoever sent it. */
struct sign {
    struct incarnation_claim claim;
    int64_t interval_ms, lease_ms; /* INT_ABSENT = not declared */
    ms_t timestamp;                /* TIME_ABSENT */
    bool endpoint;                 /* it named one */
    bool feed_lost;                /* whoever reports the work is */
    struct load load;              /* its texts borrowed from the message */
    const struct heartbeat *work;  /* what a worker says of its work; NULL of a hive. Borrowed */
};
struct sign sign_of_heartbeat(const struct heartbeat *heartbeat);
struct sign sign_of_hive_heartbeat(const struct hive_heartbeat *heartbeat);

/* A valid live heartbeat of a worker or a hive, with its document as received. ERR_CONFLICT: it came by HTTP, and
 * another incarnation is online over MQTT; nothing changed. ERR_FULL, ERR_NOMEM: the document could not be kept, the
 * sign of life counts. OK also when a fence ignored it. */
enum err judge_heartbeat(struct queen *queen, struct record *record, const struct sign *sign, struct text document,
                         bool over_http);

/* The start-up poll of a hive was answered, over MQTT or HTTP. */
void judge_ready(struct queen *queen, struct record *record, enum evidence_path path);

/* It has answered once more. True: so often without a heartbeat that it stays suspect (R6). */
bool judge_answers_only(struct record *record);

/* A live birth, will or goodbye. */
void judge_presence(struct queen *queen, struct record *record, const struct presence *presence);

static inline bool presence_is_will(const struct presence *presence)
{
    return presence->presence == PRESENCE_STALE && presence->cause != DEATH_PROCESS_EXITED;
}

/* Its death, live or stored: a goodbye closes its (session, connection), a process that ended makes it stale at once
 * (R9, R11, R15). False: it is a last will, which is to be confirmed and closes the connection for heartbeats, until a
 * live birth or an answer shows that it goes on (R1). */
bool judge_death(struct queen *queen, struct record *record, const struct presence *presence);

/* What a heartbeat or presence says of itself beyond who it is: interval, lease, clock. */
void judge_note_sign(struct queen *queen, struct record *record, const struct sign *sign);
void judge_note_presence(struct record *record, const struct presence *presence);

/* Another process is current: what was known of the one before goes with it. */
void judge_forget_process(struct queen *queen, struct record *record);

struct incarnation_claim claim_of_presence(const struct presence *presence);

/* R11. A witness, live or stored, with its document as received. A process of the current session that ended unasked
 * makes the worker stale at once; a stored one does not count against a worker heard live on this connection. ERR_FULL,
 * ERR_NOMEM: the document could not be kept, what it says counts. */
enum err judge_witness(struct queen *queen, struct record *record, const struct witness *witness, struct text document,
                       bool stored);

/* Holds the witness that is kept against the record's present session, which has just become known or is in doubt. */
void judge_witness_again(struct queen *queen, struct record *record);

#endif
