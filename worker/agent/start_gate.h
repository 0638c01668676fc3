/* start_gate.h - an agent that a hive has started does nothing before the hive has written down that it runs, and holds
 * nothing of the hive's. */
#ifndef SKEP_START_GATE_H
#define SKEP_START_GATE_H

#include "base.h"

/* Closes whatever else was inherited: a socket that the hive was just connecting when it forked would keep the broker
 * from seeing the hive's death. Waits for the byte that comes through the pipe which SKEP_GATE_FD names; at once true
 * where nobody has named one. False when the pipe ends without it: the hive is gone, and its successor would start
 * another agent beside this one.
 */
bool start_gate_pass(void);

#endif
