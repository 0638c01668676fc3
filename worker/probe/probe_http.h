/* probe_http.h - looks at an engine over HTTP, and prints what they find. */
#ifndef SKEP_PROBE_HTTP_H
#define SKEP_PROBE_HTTP_H

#include "lines.h"
#include "probe_conf.h"

/* Goes on for good, or for one look with --once. The exit code; on failure with a sentence. */
int probe_http_run(const struct probe_conf *conf, struct lines *lines, struct errbuf *e);

#endif
