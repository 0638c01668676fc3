/* child_verify.h - what can be said of a child's work while somebody verifies it: from looks at it, every
 * CHILD_VERIFY_EVERY until there is an answer. Pure. */
#ifndef SKEP_CHILD_VERIFY_H
#define SKEP_CHILD_VERIFY_H

#include <skep/worker.h>

#include "base.h"

#define CHILD_VERIFY_EVERY 200 /* ms */

/* Zero-initialise it for each verification. */
struct child_verify {
    bool moved; /* at some look it was neither stopped nor in uninterruptible sleep */
};

/* One look. `state` as in proc_stat; `left`: ms until the answer must be given; `tells`: the child itself tells of its
 * progress, so that its word is waited for. Stalled is only who stood still at every look until the time was up. */
enum skep_work child_verify_check(struct child_verify *verify, char state, bool tells, ms_t left);

#endif
