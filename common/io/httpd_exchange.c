#include "httpd_exchange.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "httpd_head.h"
#include "httpd_queues.h"
#include "httpd_response.h"
#include "httpd_socket.h"
#include "httpd_waits.h"

static struct client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void *exchange_new(void *httpd, const char *target, struct MHD_Connection *connection)
{
    struct client *client = client_of(connection);
    struct exchange *exchange = client && !client->is_leaving ? calloc(1, sizeof *exchange) : NULL;
    char *question = strchr(target, '?');
    if (!exchange || !(exchange->target = strdup(target))) {
        ((struct httpd *)httpd)->starved |= client && !client->is_leaving;
        free(exchange);
        return NULL;
    }
    /* It lies in libmicrohttpd's memory, which would take 56 bytes of the 32 KiB of a connection for each parameter,
     * and close the connection when there is no room for one more. */
    if (question)
        question[1] = '\0';
    exchange_free(client->exchange);
    client->exchange = exchange;
    exchange->httpd = client->httpd;
    exchange->client = client;
    httpd_head_read_target(exchange);
    return exchange;
}

static void leave_list(struct exchange *exchange)
{
    if (exchange->phase == EXCHANGE_QUEUED)
        queue_remove(exchange);
    else if (exchange->phase == EXCHANGE_WAITING)
        wait_end(exchange);
}

/* The slice at hand, what its listing holds, and what the kernel may. An answer that has begun was admitted with room
 * for its slices, and is not refused any more; a short whole one never is. */
static bool hold(struct exchange *exchange)
{
    struct clients *clients = &exchange->httpd->clients;
    size_t bytes = exchange->response.body.len;
    if (exchange->more && bytes < HTTPD_SLICE)
        bytes = HTTPD_SLICE;
    if (exchange->response.listing)
        bytes += exchange->httpd->handlers->listing_bytes(exchange->response.listing);
    if (!exchange->is_long && bytes <= HTTPD_SHORT)
        return true;
    bytes += exchange->more || bytes > HTTPD_SENT ? HTTPD_SENT : bytes;
    if (!exchange->responded && !client_may_hold(clients, exchange->client, bytes))
        return false;
    if (!exchange->is_long)
        httpd_socket_send_buffer(exchange->client->fd, HTTPD_SEND_BUFFER_LONG);
    exchange->is_long = true;
    client_hold(clients, exchange->client, bytes);
    return true;
}

/* Only what the kernel has is left of it. */
static void release(struct exchange *exchange)
{
    struct client *client = exchange->client;
    if (!exchange->is_long)
        return;
    httpd_socket_send_buffer(client->fd, HTTPD_SEND_BUFFER);
    client_hold(&exchange->httpd->clients, client, httpd_socket_unsent(client->fd));
}

static void response_clear(struct exchange *exchange)
{
    buf_clear(&exchange->response.body);
    if (exchange->response.listing)
        exchange->httpd->handlers->listing_free(exchange->response.listing);
    exchange->response = (struct http_response){ 0 };
    exchange->more = false;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    leave_list(exchange);
    release(exchange);
    response_clear(exchange);
    exchange->client->exchange = NULL;
    if (!exchange->client->is_leaving)
        client_await(exchange->client, clock_mono(), exchange->httpd->options.step_ms);
    buf_clear(&exchange->body);
    free(exchange->target);
    free(exchange);
}

void exchange_over(void *user, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode how)
{
    (void)user;
    (void)connection;
    (void)how;
    exchange_free(*context);
    *context = NULL;
}

static void make_fault(struct exchange *exchange, int status, const char *sentence)
{
    response_clear(exchange);
    exchange->httpd->handlers->fault(&exchange->response, status, NULL, sentence);
    exchange->response.status = status;
}

/* Until when the client may take what it has been given. */
static void set_deadline(struct exchange *exchange)
{
    ms_t now = clock_mono(),
         step = exchange->httpd->options.step_ms + (ms_t)exchange->response.body.len * 1000 / HTTPD_SLOWEST;
    if (!exchange->answer_ends)
        exchange->answer_ends = now + HTTPD_ANSWER_MS;
    client_await(exchange->client, now, ms_min(exchange->answer_ends - now, step));
}

/* For libmicrohttpd: the next piece of the answer. */
static ssize_t pull(void *user, uint64_t position, char *at, size_t size)
{
    struct exchange *exchange = user;
    const struct buf *slice = &exchange->response.body;
    size_t len = slice->len - exchange->sent < size ? slice->len - exchange->sent : size;
    (void)position;
    if (exchange->dropped || exchange->httpd->closing)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (len > 0) {
        memcpy(at, slice->at + exchange->sent, len);
        exchange->sent += len;
    } else if (exchange->more) {
        queue_add(exchange);
        MHD_suspend_connection(exchange->client->connection);
    } else {
        return buf_ok(slice) ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
    }
    return (ssize_t)len;
}

/* `last`: the connection ends with it. */
static enum MHD_Result respond(struct exchange *exchange, bool last)
{
    struct MHD_Response *made;
    enum MHD_Result done;
    set_deadline(exchange);
    made = httpd_response_make(&exchange->response, last, exchange->more ? pull : NULL, exchange);
    if (!made)
        return MHD_NO; /* closes the connection */
    exchange->responded = true;
    done = MHD_queue_response(exchange->client->connection, (unsigned)exchange->response.status, made);
    MHD_destroy_response(made);
    return done;
}

static enum MHD_Result refuse(struct exchange *exchange, int status, const char *sentence)
{
    make_fault(exchange, status, sentence);
    return respond(exchange, true);
}

/* OPTIONS of the server as a whole. */
static enum MHD_Result respond_options(struct exchange *exchange)
{
    exchange->response.status = MHD_HTTP_NO_CONTENT;
    exchange->response.allow = "GET, POST, DELETE";
    return respond(exchange, false);
}

/* The header is complete, the body is not here yet. A response now ends the connection: the body stays unread. */
static enum MHD_Result begin(struct exchange *exchange, const char *method)
{
    const char *sentence;
    int status;
    exchange->begun = true;
    exchange->method = method;
    exchange->body.limit = exchange->httpd->options.body_limit;
    exchange->keeps_body = strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0 &&
                           strcmp(method, MHD_HTTP_METHOD_DELETE) != 0;
    status = httpd_head_check(exchange, &sentence);
    return status ? refuse(exchange, status, sentence) : MHD_YES;
}

enum MHD_Result exchange_receive(void *user, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *piece, size_t *piece_len, void **context)
{
    struct exchange *exchange = *context;
    const struct httpd *httpd = user;
    (void)url;
    (void)version;
    if (!exchange || exchange->dropped || httpd->closing || !buf_ok(&exchange->body))
        return MHD_NO;
    if (!exchange->begun)
        return begin(exchange, method);
    if (*piece_len > 0) {
        if (exchange->keeps_body)
            buf_add(&exchange->body, piece, *piece_len);
        *piece_len = 0;
    } else if (exchange->response.status) {
        return respond(exchange, false);
    } else if (exchange->path[0] == '*') {
        return respond_options(exchange);
    } else {
        queue_add(exchange);
        MHD_suspend_connection(connection);
    }
    return MHD_YES;
}

/* Nothing but these limits ends a suspended connection; a listing knows when its own time is over. False: refused. */
static bool wait_until(struct exchange *exchange, ms_t until)
{
    bool is_over = exchange->timed_out && !exchange->response.listing;
    struct exchange *yields;
    if (is_over || exchange->yields || !wait_may_begin(exchange, &yields)) {
        make_fault(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                   is_over ? "There is no answer yet." : "Too many requests are waiting.");
        return false;
    }
    if (yields) {
        yields->timed_out = yields->yields = true;
        exchange_requeue(yields);
    }
    wait_begin(exchange, until);
    exchange->had_slice = false;
    return true;
}

/* True: it waits. */
static bool handle(struct exchange *exchange)
{
    struct httpd *httpd = exchange->httpd;
    bool is_head = strcmp(exchange->method, MHD_HTTP_METHOD_HEAD) == 0;
    ms_t wait, now = clock_mono();
    if (!exchange->received_at)
        exchange->received_at = now;
    struct http_request request = { .method = is_head ? MHD_HTTP_METHOD_GET : exchange->method,
                                    .path = exchange->path,
                                    .query = exchange->query,
                                    .body = buf_text(&exchange->body),
                                    .content_type = httpd_head_field(exchange, MHD_HTTP_HEADER_CONTENT_TYPE),
                                    .authorization = httpd_head_field(exchange, MHD_HTTP_HEADER_AUTHORIZATION),
                                    .accept = httpd_head_field(exchange, MHD_HTTP_HEADER_ACCEPT),
                                    .host = httpd_head_field(exchange, MHD_HTTP_HEADER_HOST),
                                    .cross_site =
                                        httpd_is_cross_site(&httpd->names, httpd_head_field(exchange, "Sec-Fetch-Site"),
                                                            httpd_head_field(exchange, MHD_HTTP_HEADER_ORIGIN),
                                                            httpd_head_field(exchange, MHD_HTTP_HEADER_HOST)),
                                    .received_at = exchange->received_at,
                                    .timed_out = exchange->timed_out };
    exchange->response = (struct http_response){ 0 };
    wait = httpd->handlers->request(httpd->user, &request, &exchange->response);
    if (wait <= 0)
        return false;
    exchange->response.status = 0;
    buf_clear(&exchange->response.body);
    return wait_until(exchange, now + wait);
}

static void resume(struct exchange *exchange)
{
    MHD_resume_connection(exchange->client->connection);
    exchange->httpd->resumed = true;
}

/* What is next to be sent: a complete answer, or the first or next slice of one. For one that would be refused when it
 * is long no more is made than that shows. */
static void make_slice(struct exchange *exchange)
{
    const struct httpd *httpd = exchange->httpd;
    struct buf *slice = &exchange->response.body;
    bool has_room =
        exchange->responded || client_may_hold(&httpd->clients, exchange->client, HTTPD_SLICE + (size_t)HTTPD_SENT);
    if (exchange->responded)
        buf_reset(slice);
    exchange->sent = 0;
    exchange->had_slice = true;
    if (exchange->response.listing) {
        slice->limit = has_room ? 0 : HTTPD_SHORT;
        exchange->more = httpd->handlers->listing_next(httpd->user, exchange->response.listing, slice);
    }
    if (!buf_ok(slice))
        exchange->more = false;
    if (!hold(exchange) || (!buf_ok(slice) && !has_room))
        make_fault(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "Too many answers wait to be taken by their clients.");
    else if (!buf_ok(slice) && !exchange->responded)
        make_fault(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "Out of memory.");
}

/* True: there is nothing to send yet, but later. */
static bool is_for_later(struct exchange *exchange)
{
    ms_t until;
    if (!exchange->more || exchange->response.body.len > 0)
        return false;
    if ((until = exchange->httpd->handlers->listing_wait(exchange->response.listing)) > 0)
        return wait_until(exchange, until);
    queue_add(exchange);
    return true;
}

static void step(struct exchange *exchange)
{
    if (!exchange->response.listing) {
        if (handle(exchange))
            return;
        if (exchange->response.listing) {
            queue_add(exchange);
            return;
        }
    }
    make_slice(exchange);
    if (is_for_later(exchange))
        return;
    exchange->phase = EXCHANGE_SENDING;
    if (exchange->responded)
        set_deadline(exchange);
    resume(exchange);
}

void exchange_serve(struct exchange *exchange)
{
    struct httpd *httpd = exchange->httpd;
    enum exchange_queue kind = queue_begin_turn(exchange);
    int64_t began = clock_mono_us();
    exchange->phase = EXCHANGE_RECEIVING;
    step(exchange);
    queue_pay(httpd, kind, clock_mono_us() - began);
}

void exchange_requeue(struct exchange *exchange)
{
    leave_list(exchange);
    queue_add(exchange);
}

void exchange_drop(struct exchange *exchange)
{
    bool suspended = exchange->phase == EXCHANGE_QUEUED || exchange->phase == EXCHANGE_WAITING;
    exchange->dropped = true;
    leave_list(exchange);
    exchange->phase = EXCHANGE_SENDING;
    if (suspended)
        resume(exchange);
}
