/* probe_exec.h - runs a command at each look, and prints the JSON objects that it prints, one a line. */
#ifndef SKEP_PROBE_EXEC_H
#define SKEP_PROBE_EXEC_H

#include "lines.h"
#include "probe_conf.h"

/* As probe_http_run. A command that fails, or prints nothing that can be read, is the status `error`; what its last
 * object had is absent then. */
int probe_exec_run(const struct probe_conf *conf, struct lines *lines, struct errbuf *e);

#endif
