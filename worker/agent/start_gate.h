/* start_gate.h - an agent that a hive has started does nothing before the hive has written down that it runs, and tells
 * it in the end what its exit does not show. */
#ifndef SKEP_START_GATE_H
#define SKEP_START_GATE_H

#include "exit_status.h"

/* Waits for the byte that comes through the socket which SKEP_GATE_FD names; at once true where nobody has named one.
 * False when it ends without it: the hive is gone, and its successor would start another agent beside this one. */
bool start_gate_pass(void);

/* Before the process ends. Nothing without a hive, or when it is gone. */
void start_gate_report(struct agent_report report);

#endif
