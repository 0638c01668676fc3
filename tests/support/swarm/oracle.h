/* oracle.h - knows the truth: compares what the channels told with what was done, whatever order the reports come in.
 */
#ifndef SWARM_ORACLE_H
#define SWARM_ORACLE_H

#include <stddef.h>

#include "swarm_stage.h"

struct oracle {
    const struct stage *stage;
    struct report *reports;
    size_t count, size;
};

struct findings {
    unsigned deeds, missed, wrong, duplicated, late;
};

void oracle_take(struct oracle *oracle, const struct report *report); /* copied */

/* Goes through all reports in the order of their time. With `shows`, a line on stdout for each deed and each fault. */
struct findings oracle_judge(struct oracle *oracle, bool shows);

/* What the queen says over HTTP, and what is retained (REPORT_STORED), is the last deed of each worker, or nothing was
 * ever stored for one that lives. Returns how many are not so; a line on stdout for each of the first. */
unsigned oracle_compare_states(struct oracle *oracle);

/* Whether the queen calls all workers of the fleets online, over HTTP. */
bool oracle_all_online(const struct oracle *oracle);

#endif
