#include "http_url.h"

#include <arpa/inet.h>
#include <strings.h>

#include <curl/curl.h>

static bool is_scheme(const char *scheme, const char *path)
{
    (void)path;
    return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

/* libcurl hands a v6 address out in brackets. */
static bool is_host(const char *host, const char *path)
{
    char within[INET6_ADDRSTRLEN] = { 0 };
    size_t len = strlen(host);
    struct in6_addr v6;
    struct in_addr v4;

    (void)path;
    if (host[0] != '[')
        return strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &v4) == 1;
    if (len < 2 || len - 2 >= sizeof within)
        return false;
    memcpy(within, host + 1, len - 2);
    return inet_pton(AF_INET6, within, &v6) == 1;
}

static bool is_path(const char *found, const char *path)
{
    return strcmp(found, "/") == 0 || strcmp(found, path) == 0;
}

static bool is_absent(const char *found, const char *path)
{
    (void)path;
    return !found;
}

static const struct {
    CURLUPart part;
    bool (*is_right)(const char *found, const char *path);
    const char *why;
} parts[] = {
    { CURLUPART_SCHEME, is_scheme, "must begin with http:// or https://" },
    { CURLUPART_USER, is_absent, "must name no user" },
    { CURLUPART_PASSWORD, is_absent, "must hold no password" },
    { CURLUPART_OPTIONS, is_absent, "must hold no login options" },
    { CURLUPART_HOST, is_host, "must name its host by an address, or as localhost" },
    { CURLUPART_ZONEID, is_absent, "must hold no zone: here it would be another link" },
    { CURLUPART_PATH, is_path, "must have no other path than " },
    { CURLUPART_QUERY, is_absent, "must have no query" },
    { CURLUPART_FRAGMENT, is_absent, "must have no fragment" },
};

static enum err refuse(const char *url, const char *why, const char *path, struct errbuf *e)
{
    char shown[ERRBUF_SIZE / 2];

    text_to_printable(text_of(url), shown, sizeof shown);
    return err_set(e, ERR_SYNTAX, "the URL '%s' %s%s", shown, why, path);
}

static enum err check_parts(CURLU *parsed, const char *url, const char *path, struct errbuf *e)
{
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char *found = NULL;
        CURLUcode code = curl_url_get(parsed, parts[i].part, &found, 0);
        bool is_right = (found || parts[i].is_right == is_absent) && parts[i].is_right(found, path);

        curl_free(found);
        if (code == CURLUE_OUT_OF_MEMORY)
            return err_set(e, ERR_NOMEM, "out of memory");
        if (!is_right)
            return refuse(url, parts[i].why, parts[i].part == CURLUPART_PATH ? path : "", e);
    }
    return OK;
}

static enum err parse(CURLU *parsed, const char *url, const char *path, struct errbuf *e)
{
    CURLUcode code = curl_url_set(parsed, CURLUPART_URL, url, CURLU_PATH_AS_IS);
    enum err err;

    if (code != CURLUE_OK && code != CURLUE_OUT_OF_MEMORY)
        return refuse(url, "must be http://HOST[:PORT] or https://HOST[:PORT]", "", e);
    if (code == CURLUE_OK && (err = check_parts(parsed, url, path, e)) != OK)
        return err;
    if (code != CURLUE_OK || curl_url_set(parsed, CURLUPART_PATH, path, 0) != CURLUE_OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    return OK;
}

enum err http_url_parse(const char *url, const char *path, struct Curl_URL **ret, struct errbuf *e)
{
    CURLU *parsed = curl_url();
    enum err err = parsed ? parse(parsed, url, path, e) : err_set(e, ERR_NOMEM, "out of memory");

    if (err == OK)
        *ret = parsed;
    else
        curl_url_cleanup(parsed);
    return err;
}
