/* state.h - which state may follow which (docs/semantics.md). A state follows itself only as a revision, which is no
 * transition. */
#ifndef SKEP_STATE_H
#define SKEP_STATE_H

#include "vocabulary.h"

bool state_may_follow(bool is_hive, enum state from, enum state to);

#endif
