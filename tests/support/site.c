#include "site.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "await.h"
#include "socket.h"

static void keep(const char *from, size_t len, char *ret, size_t size)
{
    snprintf(ret, size, "%.*s", (int)len, from ? from : "");
}

ms_t site_handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    site->calls++;
    site->timeouts += request->timed_out;
    keep(request->method, 15, site->method, sizeof site->method);
    keep(request->path, 63, site->path, sizeof site->path);
    keep(request->query.at, request->query.len, site->query, sizeof site->query);
    keep(request->body.at, request->body.len, site->body, sizeof site->body);
    keep(request->accept, 63, site->accept, sizeof site->accept);
    keep(request->host, 63, site->host, sizeof site->host);
    site->has_query = request->query.at != NULL;
    site->body_len = request->body.len;
    if (strcmp(request->path, "/wait") == 0 && !site->open && !request->timed_out) {
        ret->wakes_on = SITE_WAKE;
        return site->wait;
    }
    ret->content_type = "text/plain";
    ret->status = strcmp(request->path, "/none") == 0 ? 404 : request->timed_out ? 504 : 200;
    ret->allow = ret->status == 404 ? "GET" : NULL;
    buf_printf(&ret->body, "answer %u", site->calls);
    return 0;
}

void site_fault(struct http_response *ret, int status, const char *code, const char *sentence)
{
    (void)code;
    ret->content_type = "text/plain";
    buf_printf(&ret->body, "fault %d: %s", status, sentence);
}

ms_t site_listing_wait(const struct listing *listing)
{
    (void)listing;
    return 0;
}

size_t site_listing_bytes(const struct listing *listing)
{
    (void)listing;
    return 0;
}

void site_listing_free(struct listing *listing)
{
    (void)listing;
}

const struct httpd_handlers site_handlers = { .request = site_handle, .fault = site_fault };

void site_start(struct site *site, struct httpd_options options, const struct httpd_handlers *handlers)
{
    struct errbuf e = { 0 };
    *site = (struct site){ .wait = 3600 * 1000 };
    options.address = "127.0.0.1:0";
    assert_int_equal(loop_new(&site->loop, &e), OK);
    if (httpd_new(site->loop, &options, handlers, site, &site->httpd, &e) != OK)
        fail_msg("%s", e.text);
    assert_in_range(httpd_port(site->httpd), 1, 65535);
}

void site_open(struct site *site, unsigned connections, unsigned per_address)
{
    struct httpd_options options = { .body_limit = SITE_BODY_LIMIT,
                                     .connections = connections,
                                     .connections_per_peer = per_address };
    site_start(site, options, &site_handlers);
}

void site_close(struct site *site)
{
    httpd_free(site->httpd);
    loop_free(site->loop);
}

static bool has_calls(void *user)
{
    struct site *site = user;
    return site->calls >= site->want;
}

void site_await_calls(struct site *site, unsigned want)
{
    site->want = want;
    assert_true(await_loop(site->loop, has_calls, site, AWAIT_LIMIT));
}

void line_open(struct line *line, const struct site *site)
{
    *line = (struct line){ .fd = socket_connect(httpd_port(site->httpd)) };
    assert_true(line->fd >= 0);
}

void line_open_reader(struct line *line, const struct site *site, const char *request)
{
    int bytes = 4096;
    line_open(line, site);
    assert_int_equal(setsockopt(line->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes), 0);
    line_say(line, request);
}

void line_say(struct line *line, const char *text)
{
    line->len = 0;
    line->answer[0] = '\0';
    assert_int_equal(send(line->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

bool line_has(void *user)
{
    struct line *line = user;
    ssize_t got = recv(line->fd, line->answer + line->len, SITE_ANSWER_SIZE - 1 - line->len, MSG_DONTWAIT);
    if (got > 0)
        line->len += (size_t)got;
    line->was_reset = line->was_reset || (got < 0 && errno == ECONNRESET);
    line->closed = line->closed || got == 0 || line->was_reset;
    line->answer[line->len] = '\0';
    return line->want ? strstr(line->answer, line->want) != NULL : line->closed;
}

void line_await(struct line *line, struct site *site, const char *want)
{
    line->want = want;
    if (!await_loop(site->loop, line_has, line, AWAIT_LIMIT))
        fail_msg("in vain for '%s'; there is '%s'", want ? want : "(close)", line->answer);
}

void line_ask(struct line *line, struct site *site, const char *path)
{
    char request[200];
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", path);
    do {
        line_open(line, site);
        line_say(line, request);
        line_await(line, site, NULL);
        close(line->fd);
    } while (line->len == 0);
}

static size_t fetch_write(char *at, size_t size, size_t count, void *user)
{
    struct fetch *fetch = user;
    size_t len = size * count;
    if (fetch->len + len >= SITE_ANSWER_SIZE)
        return 0;
    memcpy(fetch->answer + fetch->len, at, len);
    fetch->len += len;
    return len;
}

static void *fetch_thread(void *user)
{
    struct fetch *fetch = user;
    CURL *curl = curl_easy_init();
    char *type = NULL;
    curl_easy_setopt(curl, CURLOPT_URL, fetch->url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, fetch_write);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)AWAIT_LIMIT);
    if (fetch->head)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (fetch->body)
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, fetch->body);
    fetch->code = (int)curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &fetch->status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    snprintf(fetch->type, sizeof fetch->type, "%s", type ? type : "");
    curl_easy_cleanup(curl);
    pthread_mutex_lock(&fetch->lock);
    fetch->done = true;
    pthread_mutex_unlock(&fetch->lock);
    return NULL;
}

static bool fetch_is_done(void *user)
{
    struct fetch *fetch = user;
    bool done;
    pthread_mutex_lock(&fetch->lock);
    done = fetch->done;
    pthread_mutex_unlock(&fetch->lock);
    return done;
}

void fetch_run(struct fetch *fetch, struct site *site, const char *target)
{
    snprintf(fetch->url, sizeof fetch->url, "http://127.0.0.1:%d%s", httpd_port(site->httpd), target);
    pthread_mutex_init(&fetch->lock, NULL);
    assert_int_equal(pthread_create(&fetch->thread, NULL, fetch_thread, fetch), 0);
    assert_true(await_loop(site->loop, fetch_is_done, fetch, 2 * AWAIT_LIMIT));
    pthread_join(fetch->thread, NULL);
    pthread_mutex_destroy(&fetch->lock);
    if (fetch->code)
        fail_msg("%s", curl_easy_strerror((CURLcode)fetch->code));
}
