/* Prints metrics as a Markdown table: those of the queen's list (queen/core/api/metrics.h), or the codes of states.
 * `metric_tables queen|hives|models|workers|states` */
#include <stdio.h>

#include "metrics.h"

static void print_metric(const struct metric *metric)
{
    printf("| `%s`", metric->name);
    for (size_t i = 0; i < METRIC_LABELS && metric->labels[i]; i++)
        printf("%s `%s`", i > 0 ? "," : " by", metric->labels[i]);
    printf(" | %s | %s |\n", metric_type_name(metric->type), metric->help);
}

static void print_metrics(enum metric_scope first, enum metric_scope last)
{
    printf("| metric | type | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < METRIC_COUNT; i++)
        if (metrics[i].scope >= first && metrics[i].scope <= last)
            print_metric(&metrics[i]);
}

static void print_states(void)
{
    printf("| code | of a worker | of a hive |\n|---|---|---|\n");
    for (enum state state = STATE_NONE + 1; state < STATE_COUNT; state++) {
        const char *of_hive = state_name_of_hive(state);
        printf("| %d | `%s` | %s%s%s |\n", (int)state, state_name(state), of_hive ? "`" : "", of_hive ? of_hive : "",
               of_hive ? "`" : "");
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        enum metric_scope first, last;
    } tables[] = {
        { "queen", METRIC_OF_QUEEN, METRIC_OF_ANSWER },
        { "hives", METRIC_OF_HIVES, METRIC_OF_HIVE_NAMES },
        { "models", METRIC_OF_MODELS, METRIC_OF_MODELS },
        { "workers", METRIC_OF_WORKERS, METRIC_OF_WORKERS },
    };
    if (argc == 2 && strcmp(argv[1], "states") == 0) {
        print_states();
        return 0;
    }
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(tables); i++)
        if (strcmp(argv[1], tables[i].name) == 0) {
            print_metrics(tables[i].first, tables[i].last);
            return 0;
        }
    fprintf(stderr, "usage: metric_tables queen|hives|models|workers|states\n");
    return 2;
}
