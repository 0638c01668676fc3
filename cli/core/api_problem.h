/* api_problem.h - what an HTTP status and its problem document (RFC 9457) mean for a person. Pure. */
#ifndef SKEP_CLI_API_PROBLEM_H
#define SKEP_CLI_API_PROBLEM_H

#include "text.h"

/* The error of an answer without success, and its sentence. `body` may be anything; `has_token`: one was sent.
 * ERR_REFUSED 401 and 403,
 * ERR_NOT_FOUND 404, ERR_AMBIGUOUS 409 with candidates, ERR_CONFLICT 409, else ERR_IO. */
enum err api_problem_read(long status, struct text body, bool has_token, struct errbuf *e);

#endif
