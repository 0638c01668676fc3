/* agent_run.h - the life of the agent: makes its parts, runs the loop, publishes the goodbye. */
#ifndef SKEP_AGENT_RUN_H
#define SKEP_AGENT_RUN_H

#include "agent.h"

/* Runs the agent until its source ends or a signal requests it. Returns the exit code, or does not return: then it died
 * of the signal that its child died of. */
int agent_run(const struct agent_conf *conf, char **command);

#endif
