#include "problem.h"

static const struct {
    int status;
    const char *title, *code;
} titles[] = {
    { 400, "Bad Request", "bad_request" },
    { 401, "Unauthorized", "unauthorized" },
    { 403, "Forbidden", "forbidden" },
    { 404, "Not Found", "not_found" },
    { 405, "Method Not Allowed", "method_not_allowed" },
    { 408, "Request Timeout", "timeout" },
    { 409, "Conflict", "conflict" },
    { 411, "Length Required", "length_required" },
    { 413, "Content Too Large", "too_large" },
    { 415, "Unsupported Media Type", "bad_content_type" },
    { 421, "Misdirected Request", "misdirected" },
    { 500, "Internal Server Error", "internal" },
    { 503, "Service Unavailable", "unavailable" },
    { 0, "Error", "error" },
};

/* The last row for one that is not in use here. */
static size_t row_of(int status)
{
    size_t row = 0;
    while (row < ARRAY_LEN(titles) - 1 && titles[row].status != status)
        row++;
    return row;
}

const char *problem_title(int status)
{
    return titles[row_of(status)].title;
}

void problem_open(struct json_write *w, int status, const char *code, const char *detail)
{
    json_open(w, '{');
    json_add_str(w, "type", "about:blank");
    json_add_str(w, "title", problem_title(status));
    json_add_int(w, "status", status);
    json_add_str(w, "code", code ? code : titles[row_of(status)].code);
    json_add_str(w, "detail", detail);
}

void http_fail(struct http_response *response, int status, const char *code, const char *detail)
{
    struct json_write w = json_write_to(&response->body);
    buf_reset(&response->body);
    response->status = status;
    response->content_type = PROBLEM_CONTENT_TYPE;
    problem_open(&w, status, code, detail);
    json_close(&w, '}');
}
