/* inherited.h - what a process has from whoever started it: standard descriptors, the signal mask, ignored signals. */
#ifndef SKEP_INHERITED_H
#define SKEP_INHERITED_H

#include "base.h"

/* The first thing that main does. Standard descriptors that are closed are opened on /dev/null, since the next socket
 * or file would take their numbers and get what is meant for the log. The signal mask becomes empty: whoever blocked a
 * signal did not mean this program. Notes which signals are ignored. */
void inherited_settle(void);

/* Ignored when this process was started (nohup; the background commands of a script): it stays so. */
bool inherited_ignores(int number);

/* Between fork and exec: the signals as this process got them, none of them blocked. SIGCHLD is never ignored: a
 * program could not learn how its own children ended. */
void inherited_signals_restore(void);

#endif
