/* figure.h - measuring and telling: time, medians, and one line per figure that scripts/bench makes a table of. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "base.h"

#define FIGURE_ROUNDS 5

/* Nanoseconds of CPU time of this process. */
uint64_t figure_cpu_ns(void);

/* Sorts the values. */
double figure_median(double *values, size_t count);

/* `what  value unit`; with a limit also `(at most LIMIT)`, and the figure counts for figures_exit. */
void figure_print(const char *what, double value, const char *unit);
void figure_print_limited(const char *what, double value, const char *unit, double limit);

/* What main returns: 1 if `--check` is the only argument and a figure was above its limit, else 0; 2 for an argument
 * that is unknown. */
int figures_exit(int argc, char **argv);

#endif
