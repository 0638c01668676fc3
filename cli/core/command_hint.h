/* command_hint.h - what to type in place of a command that there is not. Pure. */
#ifndef SKEP_CLI_COMMAND_HINT_H
#define SKEP_CLI_COMMAND_HINT_H

#include "buf.h"

/* Appends "; did you mean skep ps?", or another end of the sentence, for a word of kubectl, docker or systemctl, the
 * beginning of a command, or one that is mistyped. Nothing for all others. `commands` ends with NULL. */
void command_hint_add(struct buf *ret, const char *word, const char *const *commands);

#endif
