/* script.h - what can be done to a world, as lines of text; script.c has the table of them.
 *
 * A scenario is a trace: its lines of the actor `world` are commands, carried out at the time that they bear, and all
 * other lines are what must come of them. `#` begins a comment. */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "arrivals.h"

/* Carries out one command at the present time, and puts it into the trace. ERR_UNKNOWN, ERR_STATE, ... with a sentence
 * that names what is wrong with it. */
enum err script_do(struct world *world, const char *command, struct errbuf *e);

/* `[    12] world         kill w1`: its time and command. False for any other line. */
bool script_command(const char *line, ms_t *ret_at, const char **ret_command);

/* Plays a scenario in a new world and writes the trace that it makes, comments in their place. An error names the line.
 * `arrivals` unless NULL: what happened meanwhile, written there; to be cleared in any case. */
enum err script_play(struct text scenario, struct arrivals *arrivals, struct buf *ret, struct errbuf *e);

void script_print_commands(void);

#endif
