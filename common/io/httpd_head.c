#include "httpd_head.h"

#include <string.h>
#include <strings.h>

#include <microhttpd.h>

void httpd_head_read_target(struct exchange *exchange)
{
    char *path = exchange->target, *question = strchr(path, '?');
    if (question) {
        *question = '\0';
        exchange->query = text_of(question + 1);
    }
    if (strncasecmp(path, "http://", 7) == 0) {
        char *host = path + 7, *end = strchrnul(host, '/');
        exchange->is_url = true;
        exchange->names_other = !httpd_names_has(&exchange->httpd->names, (struct text){ host, (size_t)(end - host) });
        path = end;
    }
    exchange->path = exchange->is_url && !path[0] ? "/" : path;
}

const char *httpd_head_field(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->client->connection, MHD_HEADER_KIND, name);
}

struct fields {
    unsigned hosts, lengths;
    bool has_bad_name, is_folded;
};

/* libmicrohttpd leaves a value where it was received, behind its name; but one that goes on in the next line it puts
 * together elsewhere, without a blank between (0.9.75). */
static bool lies_behind(const char *value, const char *name)
{
    const char *at = name + strlen(name) + 1;
    at += strspn(at, " \t");
    return value == at;
}

static enum MHD_Result read_field(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct fields *fields = user;
    (void)kind;
    fields->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
    fields->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
    fields->has_bad_name |= !*name || !text_consists_of(text_of(name), "!#$%&'*+-.^_`|~");
    fields->is_folded |= value && !lies_behind(value, name);
    return MHD_YES;
}

/* Of RFC 9110 and 5789; CONNECT is for proxies. */
static bool is_known(const char *method)
{
    static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE" };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (strcmp(method, methods[i]) == 0)
            return true;
    return false;
}

static bool has_target(const struct exchange *exchange)
{
    bool is_all = strcmp(exchange->path, "*") == 0 && strcmp(exchange->method, "OPTIONS") == 0;
    return exchange->path[0] == '/' || (is_all && !exchange->query.at);
}

/* That of a URL goes before the field. Without either it is HTTP/1.0, and no browser. */
static bool is_for_us(const struct exchange *exchange, const char *host)
{
    if (exchange->is_url)
        return !exchange->names_other;
    return !host || httpd_names_has(&exchange->httpd->names, text_of(host));
}

static bool is_too_long(const struct exchange *exchange, const char *length)
{
    int64_t bytes = 0;
    return length && (text_to_int(text_of(length), &bytes) != OK || bytes < 0 ||
                      (uint64_t)bytes > exchange->httpd->options.body_limit);
}

static struct fields read_fields(const struct exchange *exchange)
{
    struct fields fields = { 0 };
    (void)MHD_get_connection_values(exchange->client->connection, MHD_HEADER_KIND, read_field, &fields);
    return fields;
}

int httpd_head_check(const struct exchange *exchange, const char **ret_sentence)
{
    const char *host = httpd_head_field(exchange, MHD_HTTP_HEADER_HOST);
    const struct fields fields = read_fields(exchange);
    const struct {
        bool is_fault;
        int status;
        const char *sentence;
    } checks[] = {
        { !is_known(exchange->method), MHD_HTTP_NOT_IMPLEMENTED, "No such method." },
        { !has_target(exchange), MHD_HTTP_BAD_REQUEST, "The target is neither a path nor a URL with http://." },
        { fields.has_bad_name, MHD_HTTP_BAD_REQUEST, "The name of a field is none." },
        { fields.is_folded, MHD_HTTP_BAD_REQUEST, "A field goes on in the next line." },
        { fields.hosts > 1, MHD_HTTP_BAD_REQUEST, "More than one Host." },
        { host && !httpd_names_is_host(text_of(host)), MHD_HTTP_BAD_REQUEST, "The Host is no name and no address." },
        { fields.lengths > 1, MHD_HTTP_BAD_REQUEST, "More than one Content-Length." },
        { !is_for_us(exchange, host), MHD_HTTP_MISDIRECTED_REQUEST,
          "The Host is no name of this server: it has those of the loopback, and of --http-host." },
        { httpd_head_field(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL, MHD_HTTP_LENGTH_REQUIRED,
          "A body needs a Content-Length." },
        { is_too_long(exchange, httpd_head_field(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH)), MHD_HTTP_CONTENT_TOO_LARGE,
          "The body is too large." },
    };

    for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
        if (checks[i].is_fault) {
            *ret_sentence = checks[i].sentence;
            return checks[i].status;
        }
    }
    return 0;
}
