/* log_loop.h - the log of a program that has a loop: lines that were not read at once are written by a timer of the
 * loop, else with the next line. Apart from log.h, since a program without a loop writes lines, too. */
#ifndef SKEP_LOG_LOOP_H
#define SKEP_LOG_LOOP_H

#include "log.h"
#include "loop.h"

/* Once per process, as the log is. ERR_NOMEM. */
enum err log_attach(struct loop *loop);

/* Before the loop is freed; then as log_close. */
void log_detach(void);

#endif
