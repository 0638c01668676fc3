#include "incarnation.h"

#include <stdlib.h>
#include <string.h>

DEFINE_NAMES(incarnation_verdict_name, enum incarnation_verdict, INCARNATION_VERDICTS, "unknown")

/* Where the session stands among the retired ones; INCARNATION_REMEMBERED if it does not. */
static size_t retired_find(const struct incarnation *current, uint64_t session)
{
    size_t at = current->retired ? 0 : INCARNATION_REMEMBERED;
    while (at < INCARNATION_REMEMBERED && current->retired[at] != session)
        at++;
    return at;
}

static void retired_remove(struct incarnation *current, size_t at)
{
    size_t behind = INCARNATION_REMEMBERED - 1 - at;
    memmove(&current->retired[at], &current->retired[at + 1], behind * sizeof current->retired[0]);
    current->retired[INCARNATION_REMEMBERED - 1] = 0;
}

static void retired_add(struct incarnation *current, uint64_t session)
{
    if (!current->retired && !(current->retired = calloc(INCARNATION_REMEMBERED, sizeof current->retired[0])))
        return;
    memmove(&current->retired[1], &current->retired[0], (INCARNATION_REMEMBERED - 1) * sizeof current->retired[0]);
    current->retired[0] = session;
}

/* Same session. A message that names no connection, or no seq, is not held against it. */
static enum incarnation_verdict judge_own(const struct incarnation *current, struct incarnation_claim claim)
{
    if (claim.connection > current->connection)
        return INCARNATION_NEW_CONNECTION;
    if (claim.connection != 0 && claim.connection < current->connection)
        return INCARNATION_OLD_CONNECTION;
    if (current->has_seq && claim.seq >= 0 && (uint64_t)claim.seq <= current->seq)
        return INCARNATION_OLD_SEQ;
    return INCARNATION_SAME;
}

enum incarnation_verdict incarnation_judge(const struct incarnation *current, struct incarnation_claim claim)
{
    if (!current->known)
        return INCARNATION_NEW_SESSION;
    if (claim.session == 0) /* nothing to fence by: a restart cannot be told from going on */
        return current->session == 0 ? INCARNATION_SAME : INCARNATION_UNFENCED;
    if (claim.session == current->session)
        return judge_own(current, claim);
    if (retired_find(current, claim.session) < INCARNATION_REMEMBERED)
        return INCARNATION_RETIRED;
    return INCARNATION_NEW_SESSION;
}

static void session_change(struct incarnation *current, uint64_t session)
{
    if (session != 0) {
        size_t at = retired_find(current, session);
        if (at < INCARNATION_REMEMBERED)
            retired_remove(current, at);
        if (current->session != 0)
            retired_add(current, current->session);
    }
    current->session = session;
    current->connection = 0;
    current->has_seq = false;
}

void incarnation_adopt(struct incarnation *current, struct incarnation_claim claim)
{
    if (claim.session != current->session)
        session_change(current, claim.session);
    current->known = true;
    if (claim.session == 0 || claim.connection != 0)
        current->connection = claim.connection;
    if (claim.session != 0 && claim.seq >= 0) {
        current->has_seq = true;
        current->seq = (uint64_t)claim.seq;
    }
}

void incarnation_adopt_stored(struct incarnation *current, struct incarnation_claim claim)
{
    if (claim.session != current->session) {
        current->session = 0;
        current->has_seq = false;
    }
    incarnation_adopt(current, claim);
}

bool incarnation_is_current(const struct incarnation *current, struct incarnation_claim claim)
{
    return current->known && claim.session == current->session && claim.connection == current->connection;
}
