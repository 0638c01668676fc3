#include "api_problem.h"

#include <cjson/cJSON.h>

#include "address.h"
#include "document.h"
#include "json.h"
#include "template.h"

/* The name in the URL, which the server does not take for its own. */
static enum err misdirected(const struct problem_source *source, const char *why, struct errbuf *e)
{
    const char *host = strstr(source->url, "://");
    struct address address = { .host = "NAME" };
    if (host)
        (void)address_parse((struct text){ host + 3, strcspn(host + 3, "/?#") }, 80, &address, NULL);
    return err_set(e, ERR_REFUSED, "%s refused (%s): start it with --http-host %s, or use its address", source->who,
                   why, address.host);
}

static enum err refuse(const struct problem_source *source, long status, const char *why, struct errbuf *e)
{
    switch (status) {
    case 401: /* that a token is needed is all that it says */
        return err_set(e, ERR_REFUSED, "%s refused: %s", source->who,
                       source->has_token ? "the token in --token-file is not its own"
                                         : "it requires a token: --token-file FILE");
    case 403:
        return err_set(e, ERR_REFUSED, "%s refused (%s): %s", source->who, why,
                       source->has_token ? "the token in --token-file is not the queen's"
                                         : "its token is required: --token-file FILE");
    case 404:
        return err_set(e, ERR_NOT_FOUND, "not found (%s)", why);
    case 409:
        return err_set(e, ERR_CONFLICT, "%s refused: %s", source->who, why);
    case 421:
        return misdirected(source, why, e);
    default:
        return err_set(e, ERR_IO, "%s reported an error (%s)", source->who, why);
    }
}

enum err api_problem_read(const struct problem_source *source, long status, struct text body, struct errbuf *e)
{
    auto_free(cJSON) problem = cJSON_ParseWithLength(body.at, body.len);
    auto_clear(buf) why = BUF_INIT;
    template_add(&why, "<{title}: {detail}|{title}|{detail}>", problem, false);
    if (why.len == 0)
        buf_printf(&why, "HTTP status %ld", status);
    if (status != 409 || !cJSON_IsArray(json_member(problem, "candidates")))
        return refuse(source, status, buf_str(&why), e);
    buf_reset(&why);
    template_add(&why, "{candidates:list}", problem, false);
    return err_set(e, ERR_AMBIGUOUS, "ambiguous: several hives have a worker of that name: %s", buf_str(&why));
}
