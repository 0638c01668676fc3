#include "figure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned missed;

uint64_t figure_cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double figure_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void figure_print(const char *what, double value, const char *unit)
{
    printf("%-58s %10.3f %s\n", what, value, unit);
    fflush(stdout);
}

void figure_print_limited(const char *what, double value, const char *unit, double limit)
{
    const char *verdict = value <= limit ? "ok" : "MISSED";
    printf("%-58s %10.3f %-6s at most %g: %s\n", what, value, unit, limit, verdict);
    fflush(stdout);
    if (value > limit)
        missed++;
}

int figures_exit(int argc, char **argv)
{
    if (argc == 1)
        return 0;
    if (argc == 2 && strcmp(argv[1], "--check") == 0)
        return missed > 0;
    fprintf(stderr, "usage: %s [--check]\n", argv[0]);
    return 2;
}
