/* queen_driver.h - the queen's core on its real loop: socket and HTTP in, effects out. */
#ifndef SKEP_QUEEN_DRIVER_H
#define SKEP_QUEEN_DRIVER_H

#include "queen_conf.h"

/* Runs until told to stop. The process's exit code; what was wrong has been logged. `conf` is borrowed. */
int driver_run(const struct queen_conf *conf);

#endif
