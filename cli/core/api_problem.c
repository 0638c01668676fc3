#include "api_problem.h"

#include <cjson/cJSON.h>

#include "document.h"
#include "json.h"
#include "template.h"

static enum err refuse_ambiguous(const cJSON *candidates, struct errbuf *e)
{
    auto_clear(buf) names = BUF_INIT;
    const cJSON *name;
    cJSON_ArrayForEach(name, candidates)
    {
        buf_add_str(&names, buf_text(&names).len > 0 ? ", " : "");
        document_add_text(&names, name);
    }
    return err_set(e, ERR_AMBIGUOUS, "ambiguous: several hives have a worker of that name: %s", buf_str(&names));
}

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
    const cJSON *candidates = json_member(problem, "candidates");
    auto_clear(buf) why = BUF_INIT;
    template_add(&why, "<{title}: {detail}|{title}|{detail}>", problem, false);
    if (why.len == 0)
        buf_printf(&why, "HTTP status %ld", status);
    if (status == 409 && cJSON_IsArray(candidates))
        return refuse_ambiguous(candidates, e);
    return refuse(status, buf_str(&why), has_token, e);
}
