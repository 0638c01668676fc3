#include "problem.h"

static const struct {
    int status;
    const char *title;
} titles[] = {
    { 400, "Bad Request" },         { 401, "Unauthorized" },          { 404, "Not Found" },
    { 405, "Method Not Allowed" },  { 408, "Request Timeout" },       { 409, "Conflict" },
    { 411, "Length Required" },     { 413, "Content Too Large" },     { 415, "Unsupported Media Type" },
    { 421, "Misdirected Request" }, { 500, "Internal Server Error" }, { 503, "Service Unavailable" },
};

const char *problem_title(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return "Error";
}

void problem_open(struct json_write *w, int status, const char *code, const char *detail)
{
    json_open(w, '{');
    json_add_str(w, "type", "about:blank");
    json_add_str(w, "title", problem_title(status));
    json_add_int(w, "status", status);
    if (code)
        json_add_str(w, "code", code);
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
