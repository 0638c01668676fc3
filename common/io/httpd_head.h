/* httpd_head.h - what the head of a request must be before anything of it counts: RFC 9110 and 9112, and whose server
 * this is. Part of httpd. */
#ifndef SKEP_HTTPD_HEAD_H
#define SKEP_HTTPD_HEAD_H

#include "httpd_state.h"

/* Splits the target, a path or a URL (RFC 9112, 3.2), into path and query; `path` is another text, without a slash in
 * front, where it is neither. */
void httpd_head_read_target(struct exchange *exchange);

/* A field of the request, borrowed; NULL = it has none. */
const char *httpd_head_field(const struct exchange *exchange, const char *name);

/* 0: it may go on. Else the status of its refusal, and the sentence; static. */
int httpd_head_check(const struct exchange *exchange, const char **ret_sentence);

#endif
