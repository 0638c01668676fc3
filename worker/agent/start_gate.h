/* start_gate.h - an agent that a hive has started does nothing before the hive has written down that it runs. */
#ifndef SKEP_START_GATE_H
#define SKEP_START_GATE_H

#include "base.h"

/* Waits for the byte that comes through the pipe which SKEP_GATE_FD names; at once true where nobody has named one.
 * False when the pipe ends without it: the hive is gone, and its successor would start another agent beside this one.
 */
bool start_gate_pass(void);

#endif
