/* queen_check.h - what holds of a queen between two steps, whatever came before. */
#ifndef SKEP_FUZZ_QUEEN_CHECK_H
#define SKEP_FUZZ_QUEEN_CHECK_H

#include "queen_state.h"

void queen_check(const struct queen *queen);

/* Every event behind the one with id *last: ids ascend, the JSON is JSON. *last is the latest one then. */
void queen_check_events(const struct queen *queen, uint64_t *last);

/* Every record was forgotten: nothing is left that was kept for any. */
void queen_check_empty(const struct queen *queen);

#endif
