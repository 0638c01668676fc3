#include "api_problem.h"

#include <cjson/cJSON.h>

#include "document.h"
#include "json.h"
#include "template.h"

static enum err refuse(long status, const char *why, bool has_token, struct errbuf *e)
{
    switch (status) {
    case 401:
    case 403:
        return err_set(e, ERR_REFUSED, "the queen refused (%s): %s", why,
                       has_token ? "the token in --token-file is not the queen's"
                                 : "its token is required: --token-file FILE");
    case 404:
        return err_set(e, ERR_NOT_FOUND, "not found (%s)", why);
    case 409:
        return err_set(e, ERR_CONFLICT, "the queen refused: %s", why);
    default:
        return err_set(e, ERR_IO, "the queen reported an error (%s)", why);
    }
}

enum err api_problem_read(long status, struct text body, bool has_token, struct errbuf *e)
{
    auto_free(cJSON) problem = cJSON_ParseWithLength(body.at, body.len);
    auto_clear(buf) why = BUF_INIT;
    template_add(&why, "<{title}: {detail}|{title}|{detail}>", problem, false);
    if (why.len == 0)
        buf_printf(&why, "HTTP status %ld", status);
    if (status != 409 || !cJSON_IsArray(json_member(problem, "candidates")))
        return refuse(status, buf_str(&why), has_token, e);
    buf_reset(&why);
    template_add(&why, "{candidates:list}", problem, false);
    return err_set(e, ERR_AMBIGUOUS, "ambiguous: several hives have a worker of that name: %s", buf_str(&why));
}
