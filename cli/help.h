/* help.h - what --help prints. Pure. */
#ifndef SKEP_CLI_HELP_H
#define SKEP_CLI_HELP_H

#include "command.h"

/* `commands` ends with NULL; `common` are the options of every command. */
void help_add(struct buf *ret, const struct command *const *commands, const struct conf_option *common);
void help_add_command(struct buf *ret, const struct command *command, const struct conf_option *common);

#endif
