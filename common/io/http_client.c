#include "http_client.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <utlist.h>

#include "http_easy.h"
#include "http_url.h"

struct request {
    struct http_client *client;
    CURL *curl;
    CURLU *url;
    uint64_t token;
    struct buf body;
    size_t headers;                 /* their bytes, and those of trailers */
    unsigned sockets;               /* that were made */
    char refused[INET6_ADDRSTRLEN]; /* the last address that is not allowed */
    char curl_error[CURL_ERROR_SIZE];
    struct errbuf fault;
    struct request *prev, *next;
};

struct http_client {
    struct loop *loop;
    struct loop_timer *timer; /* libcurl's next deadline */
    CURLM *multi;
    struct http_client_options options;
    http_client_answered *answered;
    void *user;
    struct request *requests;
    unsigned count; /* of `requests`, but for those that are refused */
};

/* Of a socket of libcurl's, while libcurl wants to know of it. */
struct socket_watch {
    struct http_client *client;
    curl_socket_t fd;
    struct loop_fd *loop_fd;
};

static void request_free(struct request *request)
{
    if (!request)
        return;
    curl_easy_cleanup(request->curl);
    curl_url_cleanup(request->url);
    buf_clear(&request->body);
    free(request);
}

/* It is not under way any more. */
static void request_leave(struct request *request)
{
    struct http_client *client = request->client;
    curl_multi_remove_handle(client->multi, request->curl);
    DL_DELETE(client->requests, request);
    client->count -= request->url != NULL;
}

static void find_fault(struct request *request, CURLcode code)
{
    struct errbuf *ret = &request->fault;
    if (ret->text[0])
        return; /* refused at once */
    if (request->refused[0] && request->sockets == 0)
        err_set(ret, ERR_REFUSED, "%s is not an allowed address", request->refused);
    else if (request->headers > HTTP_CLIENT_HEADER_MAX)
        err_set(ret, ERR_TOO_LARGE, "the answer has more than %d KiB of headers", HTTP_CLIENT_HEADER_MAX / 1024);
    else if (!buf_ok(&request->body))
        err_set(ret, ERR_TOO_LARGE, "the answer has more than %d KiB", HTTP_CLIENT_BODY_MAX / 1024);
    else /* may quote the server */
        text_to_printable(text_of(http_easy_error(request->curl_error, code)), ret->text, sizeof ret->text);
}

static void request_over(struct request *request, CURLcode code)
{
    struct http_client *client = request->client;
    struct http_answer answer = { 0 };
    long status = 0;
    curl_easy_getinfo(request->curl, CURLINFO_RESPONSE_CODE, &status);
    request_leave(request);
    if (code == CURLE_OK && status > 0) {
        answer.status = (int)status;
        answer.body = buf_text(&request->body);
    } else {
        find_fault(request, code);
        answer.fault = request->fault.text;
    }
    client->answered(client->user, request->token, &answer);
    request_free(request);
}

static void finish(struct http_client *client)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(client->multi, &left))) {
        CURLcode code = message->data.result; /* the message ends with its request */
        char *request = NULL;
        if (message->msg == CURLMSG_DONE && !curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request))
            request_over((struct request *)request, code);
    }
}

static void run(struct http_client *client, curl_socket_t fd, int events)
{
    int running;
    (void)curl_multi_socket_action(client->multi, fd, events, &running);
    finish(client);
}

static void on_timer(void *user)
{
    run(user, CURL_SOCKET_TIMEOUT, 0);
}

static void on_ready(void *user, int events)
{
    const struct socket_watch *watch = user; /* libcurl may have it freed */
    run(watch->client, watch->fd,
        (events & LOOP_READABLE ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITABLE ? CURL_CSELECT_OUT : 0));
}

/* libcurl's wish for its next deadline; it must not be called from here. */
static int timer_wanted(CURLM *multi, long delay, void *user)
{
    struct http_client *client = user;
    (void)multi;
    loop_timer_in(client->timer, delay < 0 ? MS_NEVER : (ms_t)delay);
    return 0;
}

static struct socket_watch *watch_new(struct http_client *client, curl_socket_t fd)
{
    struct socket_watch *watch = malloc(sizeof *watch);
    if (!watch)
        return NULL;
    *watch = (struct socket_watch){ .client = client, .fd = fd };
    if (loop_fd_new(client->loop, fd, on_ready, watch, &watch->loop_fd) != OK) {
        free(watch);
        return NULL;
    }
    return watch;
}

/* What libcurl wants to know of a socket. One that cannot be watched is not said to be one: libcurl would end all that
 * is under way for good, while so its own request ends with its timeout. */
static int socket_wanted(CURL *curl, curl_socket_t fd, int what, void *user, void *assigned)
{
    struct http_client *client = user;
    struct socket_watch *watch = assigned;
    (void)curl;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            loop_fd_free(watch->loop_fd);
        free(watch);
        return 0;
    }
    if (!watch && (watch = watch_new(client, fd)))
        (void)curl_multi_assign(client->multi, fd, watch);
    if (watch)
        loop_fd_want(watch->loop_fd,
                     (what & CURL_POLL_IN ? LOOP_READABLE : 0) | (what & CURL_POLL_OUT ? LOOP_WRITABLE : 0));
    return 0;
}

static bool is_allowed(const struct cidr_list *allowed, const struct sockaddr *address, char ret[INET6_ADDRSTRLEN])
{
    bool v6 = address->sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr
                           : (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    return (v6 || address->sa_family == AF_INET) && inet_ntop(address->sa_family, bytes, ret, INET6_ADDRSTRLEN) &&
           cidr_list_has(allowed, v6, bytes);
}

/* The one way to a connection: whatever the URL said, this is the address that would be connected to. */
static curl_socket_t open_allowed(void *user, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct request *request = user;
    char shown[INET6_ADDRSTRLEN] = "?";
    int fd;
    if (purpose != CURLSOCKTYPE_IPCXN || !is_allowed(request->client->options.allowed, &address->addr, shown)) {
        memcpy(request->refused, shown, sizeof shown);
        return CURL_SOCKET_BAD;
    }
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd >= 0)
        request->sockets++;
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* Nothing in them is of use, but libcurl keeps them. */
static size_t count_header(char *bytes, size_t size, size_t count, void *user)
{
    struct request *request = user;
    (void)bytes;
    request->headers += size * count;
    return request->headers > HTTP_CLIENT_HEADER_MAX ? 0 : size * count;
}

/* A connection is used once, since only a new one passes open_allowed. With a folder of certificates beside the file of
 * all of them, libcurl would not keep what it reads from that: 20 ms of the loop for each request by https, instead of
 * once a day. */
static bool set_up(struct request *request, ms_t timeout)
{
    CURL *curl = request->curl = http_easy_new(&request->body, request->curl_error);
    return curl && !curl_easy_setopt(curl, CURLOPT_CURLU, request->url) &&
           !curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ms_max(timeout, 1)) &&
           !curl_easy_setopt(curl, CURLOPT_PRIVATE, request) &&
           !curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, count_header) &&
           !curl_easy_setopt(curl, CURLOPT_HEADERDATA, request) &&
           !curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           !curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L) && !curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L) &&
           !curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_allowed) &&
           !curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, request) && !curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
}

/* One that is refused has no URL, and libcurl ends it in the next turn. */
enum err http_client_get(struct http_client *client, const char *url, uint64_t token, ms_t timeout)
{
    struct request *request = calloc(1, sizeof *request);
    enum err err = OK;
    if (!request)
        return ERR_NOMEM;
    *request = (struct request){ .client = client, .token = token, .body.limit = HTTP_CLIENT_BODY_MAX };
    if (client->count >= client->options.limit)
        (void)err_set(&request->fault, ERR_FULL, "%u requests are under way already", client->count);
    else
        err = http_url_parse(url, client->options.path, &request->url, &request->fault);
    if (err == ERR_NOMEM || !set_up(request, timeout) || curl_multi_add_handle(client->multi, request->curl)) {
        request_free(request);
        return ERR_NOMEM;
    }
    client->count += request->url != NULL;
    DL_APPEND(client->requests, request);
    return OK;
}

static enum err loop_attach(struct http_client *client)
{
    CURLM *multi = client->multi = curl_multi_init();
    if (!multi || loop_timer_new(client->loop, on_timer, client, &client->timer) != OK)
        return ERR_NOMEM;
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket_wanted) ||
                   curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, client) ||
                   curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer_wanted) ||
                   curl_multi_setopt(multi, CURLMOPT_TIMERDATA, client)
               ? ERR_IO
               : OK;
}

enum err http_client_new(struct loop *loop, const struct http_client_options *options, http_client_answered *answered,
                         void *user, struct http_client **ret)
{
    struct http_client *client;
    enum err err;
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return ERR_NOMEM;
    client = calloc(1, sizeof *client);
    if (!client) {
        curl_global_cleanup();
        return ERR_NOMEM;
    }
    *client = (struct http_client){ .loop = loop, .options = *options, .answered = answered, .user = user };
    err = loop_attach(client);
    if (err != OK)
        http_client_free(client);
    else
        *ret = client;
    return err;
}

void http_client_free(struct http_client *client)
{
    struct request *request, *next;
    if (!client)
        return;
    DL_FOREACH_SAFE(client->requests, request, next)
    {
        request_leave(request);
        request_free(request);
    }
    curl_multi_cleanup(client->multi);
    loop_timer_free(client->timer);
    curl_global_cleanup();
    free(client);
}
