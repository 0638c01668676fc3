/* process_figures.h - what the queen's process takes of its machine, for GET /metrics. */
#ifndef SKEP_PROCESS_FIGURES_H
#define SKEP_PROCESS_FIGURES_H

#include "daemon_loop.h"
#include "queen.h"

/* As it is now, since `started` (unix ms); some 20 us, and 0.3 us for each descriptor. `loop` is borrowed for as long
 * as the figures are. */
struct queen_process process_figures(const struct daemon_loop *loop, ms_t started);

#endif
