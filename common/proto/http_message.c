#include "http_message.h"

#include "problem.h"

void http_fail(struct http_response *response, int status, const char *code, const char *detail)
{
    buf_reset(&response->body);
    response->status = status;
    response->content_type = PROBLEM_CONTENT_TYPE;
    problem_write(&response->body, status, code, detail);
}
