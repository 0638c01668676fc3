/* hive_driver.h - the hive's core on its real loop: broker, HTTP and processes in, effects and orders out. Each agent
 * that runs is recorded in the state directory, so that a restarted hive can adopt it. */
#ifndef SKEP_HIVE_DRIVER_H
#define SKEP_HIVE_DRIVER_H

#include "hive_conf.h"

/* Runs until told to stop. The process's exit code; what was wrong has been logged. On HUP the configuration is read
 * again, with the options in `argv`. Both are borrowed. */
int hive_driver_run(struct hive_conf *conf, int argc, char **argv);

#endif
