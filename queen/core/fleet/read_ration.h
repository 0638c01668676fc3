/* read_ration.h - the ration of messages while more arrives than is read: so that what one hive sends delays nothing of
 * others. What a message costs goes by its bytes and user properties. Heartbeats come again, so that each counts;
 * births, deaths and what a hive saw do not, so that only those count that cost more than any does by itself
 * (RATION_READ_FREE). */
#ifndef SKEP_READ_RATION_H
#define SKEP_READ_RATION_H

#include "registry.h"

/* A live message of a hive, or of one of its workers. */
struct read_cost {
    struct text hive;
    size_t bytes;     /* message_cost */
    bool comes_again; /* others follow that say as much */
};

/* Whether it is to be read, where the queen has been behind for so long. False: it is not, which is counted as
 * pressure; and from then on the hive's are rationed until its ration is whole again or RATION_READ_MS is over, also
 * when the queen has caught up: it did so since they were not read, and would be behind again at once. Hives of which
 * nothing is known have one ration, of long messages. */
bool read_ration_allows(struct registry *registry, struct read_cost message, ms_t behind, ms_t now);

#endif
