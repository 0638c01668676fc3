/* problem.h - errors over HTTP: application/problem+json (RFC 9457). Pure. */
#ifndef SKEP_PROBLEM_H
#define SKEP_PROBLEM_H

#include "json_write.h"
#include "wire.h"

#define PROBLEM_CONTENT_TYPE "application/problem+json"

/* "Not Found" for 404; "Error" for a status that is not in use here. */
const char *problem_title(int status);

/* Writes {"type":"about:blank","title":...,"status":...,"code":...,"detail":...} and leaves the object open for members
 * of the caller's; close it with json_close(w, '}'). `code` is one word for programs; NULL: the one that stands
 * for the status. */
void problem_open(struct json_write *w, int status, const char *code, const char *detail);

/* Makes the response a problem, whatever it was before. */
void http_fail(struct http_response *response, int status, const char *code, const char *detail);

#endif
