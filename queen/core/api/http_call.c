#include "http_call.h"

#include <stdio.h>
#include <strings.h>

#include "problem.h"
#include "rations.h"

void http_call_fail(struct http_call *call, int status, const char *code, const char *detail)
{
    http_fail(call->response, status, code, detail);
}

void http_call_fail_with(struct http_call *call, int status, enum err err, const struct errbuf *e)
{
    http_call_fail(call, status, err_name(err), e->text[0] ? e->text : err_name(err));
}

struct json_write http_call_begin(struct http_call *call, int status)
{
    call->response->status = status;
    call->response->content_type = JSON_CONTENT_TYPE;
    return json_write_to(&call->response->body);
}

void http_call_wait(struct http_call *call, enum queen_change_seq news, ms_t wait)
{
    call->response->wakes_on = news;
    call->wait = ms_max(call->request->received_at + wait - call->queen->now, 1);
}

/* Compares in a time that does not depend on where they differ. */
static bool is_token(const char *authorization, const char *token)
{
    const char *prefix = "Bearer ";
    size_t len = strlen(token);
    unsigned char difference = 0;
    if (!authorization || strncasecmp(authorization, prefix, strlen(prefix)) != 0)
        return false;
    authorization += strlen(prefix);
    if (strlen(authorization) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(authorization[i] ^ token[i]);
    return difference == 0;
}

bool http_call_may_write(struct http_call *call)
{
    const char *token = call->queen->options.token;
    if (call->request->cross_site) {
        http_call_fail(call, 403, "cross_site", "a page of another site may not have this done");
        return false;
    }
    if (!token || is_token(call->request->authorization, token))
        return true;
    http_call_fail(call, 401, "unauthorized",
                   "this needs `Authorization: Bearer TOKEN` with the token of --token-file");
    call->response->authenticate = "Bearer";
    return false;
}

static void fail_ambiguous(struct http_call *call, const struct record *record)
{
    const struct name_index *by_name = &call->queen->registry.by[NAME_OF_WORKER];
    struct json_write w = http_call_begin(call, 409);
    char candidate[2 * NAME_SIZE];
    call->response->content_type = PROBLEM_CONTENT_TYPE;
    problem_open(&w, 409, "ambiguous", "several hives have a worker of that name: use HIVE/NAME");
    json_open_member(&w, "candidates", '[');
    for (int left = RATION_CANDIDATES; record && left > 0; record = name_index_next(by_name, record), left--) {
        snprintf(candidate, sizeof candidate, "%s/%s", record_hive(record), record_worker(record));
        json_put_str(&w, candidate);
    }
    json_close(&w, ']');
    json_close(&w, '}');
}

struct record *http_call_find(struct http_call *call)
{
    struct record *record;
    switch (registry_find_one(&call->queen->registry, call->hive, call->worker, &record)) {
    case OK:
        return record;
    case ERR_CONFLICT:
        fail_ambiguous(call, record);
        return NULL;
    default:
        http_call_fail(call, 404, "not_found",
                       call->worker.at ? "no worker of that name is known" : "no hive of that name is known");
        return NULL;
    }
}
