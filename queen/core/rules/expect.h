/* expect.h - the list of ids that must exist (--expect): unseen ones are `unverified`, then `stale` (`never_seen`). */
#ifndef SKEP_EXPECT_H
#define SKEP_EXPECT_H

#include "queen_state.h"

/* Lines of HIVE/NAME or NAME (hive `default`); `#` starts a comment; blank lines are fine. ERR_ID with the line's
 * number, ERR_FULL, ERR_NOMEM. An absent list is fine. */
enum err expect_list(struct queen *queen, struct text list, struct errbuf *e);

#endif
