/* incarnation.h - who is speaking: the fences by (session, connection, seq). Rules R2 and R3 of docs/semantics.md.
 * Pure. */
#ifndef SKEP_INCARNATION_H
#define SKEP_INCARNATION_H

#include "record.h"

/* What a message declares. connection 0 and seq -1 mean absent. */
struct incarnation_claim {
    uint64_t session;
    uint32_t connection;
    int64_t seq;
};

/* X(symbol, name) */
#define INCARNATION_VERDICTS(X)                                                               \
    X(SAME, "same")                     /* the current one, in order */                       \
    X(NEW_SESSION, "new_session")       /* an unseen session (or the first sender at all) */  \
    X(NEW_CONNECTION, "new_connection") /* the same session, reconnected */                   \
    X(OLD_CONNECTION, "old_connection") /* the same session, an earlier connection: ignore */ \
    X(OLD_SEQ, "old_seq")               /* repeated or overtaken heartbeat: ignore */         \
    X(RETIRED, "retired_session")       /* a session that was replaced: conflict */           \
    X(UNFENCED, "no_session")           /* no session, while one with a session is current */

#define X(symbol, name) INCARNATION_##symbol,
enum incarnation_verdict { INCARNATION_VERDICTS(X) INCARNATION_VERDICT_COUNT };
#undef X

const char *incarnation_verdict_name(enum incarnation_verdict verdict);

/* How a live birth or heartbeat stands to the current incarnation. Changes nothing. */
enum incarnation_verdict incarnation_judge(const struct incarnation *current, struct incarnation_claim claim);

/* Makes the claim current; a different session before it is retired (if it had one, and the claim has one: a message
 * without a session never retires one; without memory it is forgotten). Adopting a retired session takes it out of the
 * retired ones. The seq of the claim is remembered; a new session or none forgets the old one. */
void incarnation_adopt(struct incarnation *current, struct incarnation_claim claim);

/* The same by a stored copy: the session before it is not retired (R15). */
void incarnation_adopt_stored(struct incarnation *current, struct incarnation_claim claim);

/* R3: true if a will or goodbye with this claim is of the current incarnation. (none, none) matches (none, none). */
bool incarnation_is_current(const struct incarnation *current, struct incarnation_claim claim);

#endif
