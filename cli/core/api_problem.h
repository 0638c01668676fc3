/* api_problem.h - what an HTTP status and its problem document (RFC 9457) mean for a person. Pure. */
#ifndef SKEP_CLI_API_PROBLEM_H
#define SKEP_CLI_API_PROBLEM_H

#include "text.h"

struct problem_source {
    const char *who; /* answered: begins the sentence */
    const char *url; /* that was requested, as http_url_read gives it */
    bool has_token;  /* which was sent */
};

/* The error of an answer without success, and its sentence. `body` may be anything. ERR_REFUSED 401, 403 and 421,
 * ERR_NOT_FOUND 404, ERR_AMBIGUOUS 409 with candidates, ERR_CONFLICT 409, else ERR_IO. */
enum err api_problem_read(const struct problem_source *source, long status, struct text body, struct errbuf *e);

#endif
