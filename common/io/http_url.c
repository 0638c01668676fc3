#include "http_url.h"

#include <arpa/inet.h>
#include <strings.h>

#include <curl/curl.h>

#include "address.h"

static bool is_scheme(const char *scheme, const char *path)
{
    (void)path;
    return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

/* libcurl hands a v6 address out in brackets. */
static bool is_host(const char *host, const char *path)
{
    char timeout[INET6_ADDRSTRLEN] = { 0 };
    size_t len = strlen(host);
    struct in6_addr v6;
    struct in_addr v4;
    (void)path;
    if (host[0] != '[')
        return strcasecmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &v4) == 1;
    if (len < 2 || len - 2 >= sizeof timeout)
        return false;
    memcpy(timeout, host + 1, len - 2);
    return inet_pton(AF_INET6, timeout, &v6) == 1;
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
    bool own; /* checked in a person's own URL as well */
} parts[] = {
    { CURLUPART_SCHEME, is_scheme, "must begin with http:// or https://", true },
    { CURLUPART_USER, is_absent, "must name no user", true },
    { CURLUPART_PASSWORD, is_absent, "must hold no password", true },
    { CURLUPART_OPTIONS, is_absent, "must hold no login options", true },
    { CURLUPART_HOST, is_host, "must name its host by an address, or as localhost", false },
    { CURLUPART_ZONEID, is_absent, "must hold no zone: here it would be another link", false },
    { CURLUPART_PATH, is_path, "must have no other path than ", false },
    { CURLUPART_QUERY, is_absent, "must have no query", true },
    { CURLUPART_FRAGMENT, is_absent, "must have no fragment", true },
};

/* What stands before an @ may be a password. */
static enum err refuse(const char *url, const char *why, const char *path, struct errbuf *e)
{
    char shown[ERRBUF_SIZE / 2] = "";
    if (!strchr(url, '@'))
        text_to_printable(text_of(url), shown, sizeof shown);
    return err_set(e, ERR_SYNTAX, shown[0] ? "the URL '%s' %s%s" : "the URL%s %s%s", shown, why, path);
}

static enum err check_part(CURLU *parsed, size_t row, const char *url, const char *path, struct errbuf *e)
{
    char *found = NULL;
    CURLUcode code = curl_url_get(parsed, parts[row].part, &found, 0);
    bool is_right = (found || parts[row].is_right == is_absent) && parts[row].is_right(found, path);
    curl_free(found);
    if (code == CURLUE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    return is_right ? OK : refuse(url, parts[row].why, parts[row].part == CURLUPART_PATH ? path : "", e);
}

/* An `own` one may have any host and path. */
static enum err parse(const char *url, const char *path, bool own, CURLU *ret, struct errbuf *e)
{
    CURLUcode code = curl_url_set(ret, CURLUPART_URL, url, own ? 0 : CURLU_PATH_AS_IS);
    if (code == CURLUE_OUT_OF_MEMORY)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (code != CURLUE_OK)
        return refuse(url, "must be http://HOST[:PORT] or https://HOST[:PORT]", "", e);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        enum err err = own && !parts[i].own ? OK : check_part(ret, i, url, path, e);
        if (err != OK)
            return err;
    }
    return OK;
}

enum err http_url_parse(const char *url, const char *path, struct Curl_URL **ret, struct errbuf *e)
{
    CURLU *parsed = curl_url();
    enum err err = parsed ? parse(url, path, false, parsed, e) : err_set(e, ERR_NOMEM, "out of memory");
    if (err == OK && curl_url_set(parsed, CURLUPART_PATH, path, 0) != CURLUE_OK)
        err = err_set(e, ERR_NOMEM, "out of memory");
    if (err == OK)
        *ret = parsed;
    else
        curl_url_cleanup(parsed);
    return err;
}

enum err http_url_read(const char *url, const char *path, char **ret, struct errbuf *e)
{
    CURLU *parsed = curl_url();
    char *text = NULL, *found = NULL;
    enum err err = parsed ? parse(url, path, true, parsed, e) : err_set(e, ERR_NOMEM, "out of memory");
    if (err == OK && curl_url_get(parsed, CURLUPART_PATH, &found, 0) == CURLUE_OK && strcmp(found, "/") == 0)
        (void)curl_url_set(parsed, CURLUPART_PATH, path, 0);
    if (err == OK && (curl_url_get(parsed, CURLUPART_URL, &text, 0) != CURLUE_OK || !(*ret = strdup(text))))
        err = err_set(e, ERR_NOMEM, "out of memory");
    curl_free(found);
    curl_free(text);
    curl_url_cleanup(parsed);
    return err;
}

enum err http_url_at_port(const char *url, unsigned port, char **ret, struct errbuf *e)
{
    CURLU *parsed = curl_url();
    char *text = NULL;
    bool is_done = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                   curl_url_set(parsed, CURLUPART_PORT, INT_TEXT(port), 0) == CURLUE_OK &&
                   curl_url_get(parsed, CURLUPART_URL, &text, 0) == CURLUE_OK && (*ret = strdup(text));
    curl_free(text);
    curl_url_cleanup(parsed);
    return is_done ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

bool http_url_is_private(const char *url)
{
    CURLU *parsed = curl_url();
    char *scheme = NULL, *host = NULL;
    struct address address;
    bool is_private = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
                      curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
                      curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                      (strcmp(scheme, "https") == 0 ||
                       (address_parse(text_of(host), 80, &address, NULL) == OK && address_is_loopback(&address)));
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(parsed);
    return is_private;
}
