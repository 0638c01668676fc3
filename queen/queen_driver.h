/* queen_driver.h - the queen's core on its real loop: socket and HTTP in, effects out. */
#ifndef SKEP_QUEEN_DRIVER_H
#define SKEP_QUEEN_DRIVER_H

#include "queen_conf.h"

/* Runs until told to stop. The process's exit code; what was wrong has been logged. On HUP the configuration is read
 * again, with the options in `argv`. Both are borrowed, but for the token, which another one may replace. */
int driver_run(struct queen_conf *conf, int argc, char **argv);

#endif
