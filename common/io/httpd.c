#include "httpd.h"

#include <stdlib.h>
#include <unistd.h>

#include <microhttpd.h>
#include <utlist.h>

#include "clock.h"
#include "httpd_response.h"
#include "httpd_socket.h"

#define IDLE_LIMIT 30u /* seconds */
#define WAITING_MAX 256

/* One request, from its first line until its response is out. */
struct exchange {
    struct httpd *httpd;
    struct MHD_Connection *connection;
    char *path; /* and, behind its end, the query */
    struct text query;
    struct buf body;
    bool begun, keeps_body;
    bool waiting; /* suspended, and in the list */
    bool woken, timed_out;
    ms_t began;               /* when the handler was first called; 0 = not yet */
    struct loop_timer *timer; /* of the wait; NULL before the first one */
    struct exchange *prev, *next;
};

struct httpd {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_fd *watch;    /* of libmicrohttpd's epoll descriptor */
    struct loop_timer *timer; /* libmicrohttpd's next deadline, or waiting requests to be handled again */
    httpd_handler *handler;
    httpd_fault *fault;
    void *user;
    size_t body_limit;
    bool local_names_only;
    int port;
    struct exchange *waiting;
    unsigned waiting_count;
    bool resume; /* there are waiting requests to be handled again */
};

/* Called with the request line, before the header; what it returns comes along as the exchange. NULL: no memory. */
static void *exchange_new(void *user, const char *target, struct MHD_Connection *connection)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    char *question;

    if (!exchange || !(exchange->path = strdup(target))) {
        free(exchange);
        return NULL;
    }
    exchange->httpd = user;
    exchange->connection = connection;
    question = strchr(exchange->path, '?');
    if (question) {
        *question = '\0';
        exchange->query = text_of(question + 1);
    }
    return exchange;
}

static void exchange_leave_list(struct exchange *exchange)
{
    if (!exchange->waiting)
        return;
    exchange->waiting = false;
    DL_DELETE(exchange->httpd->waiting, exchange);
    exchange->httpd->waiting_count--;
    loop_timer_in(exchange->timer, MS_NEVER);
}

static void exchange_free(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_RequestTerminationCode how)
{
    struct exchange *exchange = *context;

    (void)user;
    (void)connection;
    (void)how;
    if (!exchange)
        return;
    exchange_leave_list(exchange);
    loop_timer_free(exchange->timer);
    buf_clear(&exchange->body);
    free(exchange->path);
    free(exchange);
    *context = NULL;
}

static const char *field(const struct exchange *exchange, const char *name)
{
    return MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result respond(struct exchange *exchange, struct http_response *response, bool last)
{
    struct MHD_Response *made = httpd_response_make(response, last);
    enum MHD_Result done;

    if (!made)
        return MHD_NO; /* closes the connection */
    done = MHD_queue_response(exchange->connection, (unsigned)response->status, made);
    MHD_destroy_response(made);
    return done;
}

static enum MHD_Result respond_fault(struct exchange *exchange, int status, const char *sentence, bool last)
{
    struct httpd *httpd = exchange->httpd;
    struct http_response response = { 0 };

    httpd->fault(httpd->user, status, sentence, &response);
    response.status = status;
    return respond(exchange, &response, last);
}

/* Without a Host it is HTTP/1.0, and no browser. */
static bool is_for_us(const struct exchange *exchange)
{
    const char *host = field(exchange, MHD_HTTP_HEADER_HOST);
    struct address address;

    return !exchange->httpd->local_names_only || !host ||
           (!address_parse(text_of(host), 80, &address, NULL) && address_is_loopback(&address));
}

/* The header is complete, the body is not here yet. A response now ends the connection: the body stays unread. */
static enum MHD_Result exchange_begin(struct exchange *exchange, const char *method)
{
    const char *length = field(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
    int64_t bytes = 0;

    exchange->begun = true;
    exchange->body.limit = exchange->httpd->body_limit;
    exchange->keeps_body = strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0 &&
                           strcmp(method, MHD_HTTP_METHOD_DELETE) != 0;
    if (!is_for_us(exchange))
        return respond_fault(exchange, MHD_HTTP_MISDIRECTED_REQUEST,
                             "Without a token only requests for this machine's loopback are answered.", true);
    if (field(exchange, MHD_HTTP_HEADER_TRANSFER_ENCODING))
        return respond_fault(exchange, MHD_HTTP_LENGTH_REQUIRED, "A body needs a Content-Length.", true);
    if (length && (text_to_int(text_of(length), &bytes) || bytes < 0 || (uint64_t)bytes > exchange->httpd->body_limit))
        return respond_fault(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "The body is too large.", true);
    return MHD_YES;
}

static void wait_over(void *user);

/* The handler wants to be asked again. Nobody but us notices the end of a suspended connection: hence the two limits.
 */
static enum MHD_Result exchange_wait(struct exchange *exchange, ms_t wait)
{
    struct httpd *httpd = exchange->httpd;

    if (exchange->timed_out)
        return respond_fault(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "There is no answer yet.", false);
    if (httpd->waiting_count >= WAITING_MAX)
        return respond_fault(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many requests are waiting.", false);
    if (!exchange->timer && loop_timer_new(httpd->loop, wait_over, exchange, &exchange->timer))
        return MHD_NO;
    loop_timer_in(exchange->timer, wait);
    exchange->waiting = true;
    exchange->woken = false;
    DL_APPEND(httpd->waiting, exchange);
    httpd->waiting_count++;
    MHD_suspend_connection(exchange->connection);
    return MHD_YES;
}

/* The request is complete, or its wait is over. */
static enum MHD_Result exchange_answer(struct exchange *exchange, const char *method)
{
    struct httpd *httpd = exchange->httpd;
    struct http_response response = { 0 };
    if (!exchange->began)
        exchange->began = clock_mono();
    struct http_request request = {
        .method = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0 ? MHD_HTTP_METHOD_GET : method,
        .path = exchange->path,
        .query = exchange->query,
        .body = buf_text(&exchange->body),
        .content_type = field(exchange, MHD_HTTP_HEADER_CONTENT_TYPE),
        .authorization = field(exchange, MHD_HTTP_HEADER_AUTHORIZATION),
        .received_at = exchange->began,
        .timed_out = exchange->timed_out,
    };
    ms_t wait;

    if (!buf_ok(&exchange->body))
        return MHD_NO; /* out of memory */
    wait = httpd->handler(httpd->user, &request, &response);
    if (wait <= 0)
        return respond(exchange, &response, false);
    buf_clear(&response.body);
    return exchange_wait(exchange, wait);
}

/* Called by libmicrohttpd when the header is complete, for each piece of the body, and at the end of the request. */
static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *piece, size_t *piece_len, void **context)
{
    struct exchange *exchange = *context;

    (void)user;
    (void)connection;
    (void)url;
    (void)version;
    if (!exchange)
        return MHD_NO;
    if (!exchange->begun)
        return exchange_begin(exchange, method);
    if (*piece_len == 0)
        return exchange_answer(exchange, method);
    if (exchange->keeps_body)
        buf_add(&exchange->body, piece, *piece_len);
    *piece_len = 0;
    return MHD_YES;
}

/* Lets the requests continue that were woken or have waited long enough. */
static void resume_due(struct httpd *httpd)
{
    struct exchange *exchange, *next;

    httpd->resume = false;
    DL_FOREACH_SAFE(httpd->waiting, exchange, next)
    {
        if (!exchange->woken && !exchange->timed_out)
            continue;
        exchange_leave_list(exchange);
        MHD_resume_connection(exchange->connection);
    }
}

static unsigned connection_count(const struct httpd *httpd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

    return info ? info->num_connections : 0;
}

/* Three things do not show on the epoll descriptor: deadlines, resumed connections, and that there is room again for a
 * connection that waits to be accepted. Hence the timer after each run. */
static void httpd_run(struct httpd *httpd)
{
    unsigned connections = connection_count(httpd);
    MHD_UNSIGNED_LONG_LONG left = 0;
    ms_t delay = MS_NEVER;

    if (httpd->resume)
        resume_due(httpd);
    MHD_run(httpd->daemon);
    if (httpd->resume || connection_count(httpd) < connections)
        delay = 0;
    else if (MHD_get_timeout(httpd->daemon, &left) == MHD_YES)
        delay = (ms_t)left;
    loop_timer_in(httpd->timer, delay);
}

static void wait_over(void *user)
{
    struct exchange *exchange = user;
    struct httpd *httpd = exchange->httpd;

    exchange->timed_out = true;
    httpd->resume = true;
    httpd_run(httpd); /* may free the exchange */
}

static void on_readable(void *user, int events)
{
    (void)events;
    httpd_run(user);
}

static void on_timer(void *user)
{
    httpd_run(user);
}

/* The daemon takes the listening socket. */
static struct MHD_Daemon *daemon_start(struct httpd *httpd, const struct httpd_options *options, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, httpd,
                            MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT, options->connections,
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_per_ip,
                            MHD_OPTION_CONNECTION_TIMEOUT, IDLE_LIMIT, MHD_OPTION_STRICT_FOR_CLIENT, 1,
                            MHD_OPTION_URI_LOG_CALLBACK, exchange_new, httpd, MHD_OPTION_NOTIFY_COMPLETED,
                            exchange_free, NULL, MHD_OPTION_END);
}

static enum err loop_attach(struct httpd *httpd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    enum err err = info ? OK : ERR_IO;

    if (!err)
        err = loop_timer_new(httpd->loop, on_timer, httpd, &httpd->timer);
    if (!err)
        err = loop_fd_new(httpd->loop, info->epoll_fd, on_readable, httpd, &httpd->watch);
    if (!err)
        loop_fd_want(httpd->watch, LOOP_READABLE);
    return err;
}

enum err httpd_new(struct loop *loop, const struct httpd_options *options, httpd_handler *handler, httpd_fault *fault,
                   void *user, struct httpd **ret, struct errbuf *e)
{
    struct address address;
    struct httpd *httpd;
    int listener, port;
    enum err err = address_parse(text_of(options->address), ADDRESS_PORT_NEEDED, &address, e);

    if (!err)
        err = httpd_socket_listen(&address, &listener, &port, e);
    if (err)
        return err;
    httpd = calloc(1, sizeof *httpd);
    if (!httpd) {
        close(listener);
        return err_set(e, ERR_NOMEM, "HTTP server: out of memory");
    }
    *httpd = (struct httpd){ .loop = loop,
                             .handler = handler,
                             .fault = fault,
                             .user = user,
                             .port = port,
                             .body_limit = options->body_limit,
                             .local_names_only = options->local_names_only };
    httpd->daemon = daemon_start(httpd, options, listener);
    err = httpd->daemon ? loop_attach(httpd) : ERR_IO;
    if (err) {
        httpd_free(httpd);
        return err_set(e, err, "cannot start the HTTP server on %s: %s", options->address, err_name(err));
    }
    *ret = httpd;
    return OK;
}

void httpd_free(struct httpd *httpd)
{
    if (!httpd)
        return;
    httpd_wake(httpd);
    resume_due(httpd); /* libmicrohttpd aborts when it is stopped with suspended connections */
    loop_fd_free(httpd->watch);
    if (httpd->daemon)
        MHD_stop_daemon(httpd->daemon);
    loop_timer_free(httpd->timer);
    free(httpd);
}

int httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

void httpd_wake(struct httpd *httpd)
{
    struct exchange *exchange;

    if (!httpd->waiting)
        return;
    DL_FOREACH(httpd->waiting, exchange)
    exchange->woken = true;
    httpd->resume = true;
    loop_timer_in(httpd->timer, 0);
}

bool httpd_is_loopback(const char *address)
{
    struct address parsed;

    return !address_parse(text_of(address), ADDRESS_PORT_NEEDED, &parsed, NULL) && address_is_loopback(&parsed);
}
