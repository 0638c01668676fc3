#include "help.h"

#define WIDTH 80

static const char examples[] = "  skep ps                                    # all workers and their states\n"
                               "  skep describe gpu-1                        # one worker, and the evidence\n"
                               "  skep verify gpu-1                          # does it make progress now\n"
                               "  skep wait gpu-1 --for online --timeout 2m  # in a script\n"
                               "  skep events -f                             # follow changes of state\n";

static const char exit_status[] = "Exit codes:\n"
                                  "  0 done, 1 failure, 2 wrong usage or ambiguous name, 3 unhealthy or not ready,\n"
                                  "  4 no such worker or hive, 5 no response, 6 refused, 124 timed out,\n"
                                  "  130 interrupted\n";

static void add_options(struct buf *ret, const char *title, const struct conf_option *const *tables)
{
    if (!tables[0][0].name)
        return;
    buf_printf(ret, "\n%s:\n", title);
    conf_help(tables, WIDTH, ret);
}

void help_add(struct buf *ret, const struct command *const *commands, const struct conf_option *common)
{
    buf_printf(ret, "skep - command line client of the queen\n\nExamples:\n%s\n", examples);
    buf_add_str(ret, "Usage: skep COMMAND [OPTIONS] [WORKER]\n\nCommands (skep COMMAND --help for details):\n");
    for (; *commands; commands++)
        buf_printf(ret, "  %-10s%s\n", (*commands)->name, (*commands)->summary);
    buf_add_str(ret, "\nA WORKER is NAME where that is unique, or HIVE/NAME.\n");
    add_options(ret, "Options", (const struct conf_option *[]){ common, NULL });
    buf_printf(ret, "\n%s", exit_status);
}

void help_add_command(struct buf *ret, const struct command *command, const struct conf_option *common)
{
    buf_printf(ret, "skep %s - %s\n\nExamples:\n%s\nUsage: %s\n", command->name, command->summary, command->examples,
               command->usage);
    add_options(ret, "Options",
                (const struct conf_option *[]){ command->options, command->more[0], command->more[1], NULL });
    add_options(ret, "Options of every command", (const struct conf_option *[]){ common, NULL });
    if (command->notes)
        buf_printf(ret, "\n%s", command->notes);
    buf_printf(ret, "\n%s", exit_status);
}
