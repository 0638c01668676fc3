/* http.h - requests over HTTP to 127.0.0.1, by sockets alone: one at a time, or a flood of them. */
#ifndef SWARM_HTTP_H
#define SWARM_HTTP_H

#include "swarm_stage.h"

/* The body of the answer to a GET, to be freed; NULL: there was none that ended within `limit_us`, or not with 200. */
char *http_get(int port, const char *path, int64_t limit_us);

/* A process's play, see stage_fork: get, post, hold or drip, from an address of its own of the loopback network. */
void http_play(const struct stage *stage, unsigned number);

#endif
