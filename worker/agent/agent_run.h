/* agent_run.h - the life of the agent: opens the worker and its page, runs the loop, says goodbye. */
#ifndef SKEP_AGENT_RUN_H
#define SKEP_AGENT_RUN_H

#include "agent_conf.h"

/* Runs the agent until its source ends or a signal asks it to. Returns the exit code, or does not return: then it died
 * of the signal that its child died of. */
int agent_run(const struct agent_conf *conf, char **command);

#endif
