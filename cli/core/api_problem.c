#include "api_problem.h"

#include <cjson/cJSON.h>

#include "buf.h"
#include "document.h"
#include "json.h"
#include "printable.h"

/* "title: detail", as far as they are there. */
static void describe(struct buf *ret, long status, const cJSON *problem)
{
    const char *title = document_str(problem, "title");
    const char *detail = document_str(problem, "detail");
    if (!title && !detail)
        buf_printf(ret, "HTTP status %ld", status);
    if (title)
        printable_add(ret, text_of(title));
    if (title && detail)
        buf_add_str(ret, ": ");
    if (detail)
        printable_add(ret, text_of(detail));
}

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
    describe(&why, status, problem);
    if (status == 409 && cJSON_IsArray(candidates))
        return refuse_ambiguous(candidates, e);
    return refuse(status, buf_str(&why), has_token, e);
}
