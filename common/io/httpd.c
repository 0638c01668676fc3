#include "httpd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <utlist.h>

#include "clock.h"
#include "fd.h"
#include "httpd_exchange.h"
#include "httpd_queues.h"
#include "httpd_socket.h"

#define SWEEP_MS 250
#define NO_DESCRIPTOR_MS 100 /* between two looks whether there is one */

static void linger_end(struct client *client)
{
    close(client->fd);
    client_free(&client->httpd->clients, client);
}

/* Its end shows on its socket, or when it goes on. What it has not taken is dropped, too. May free it. */
static void drop(struct client *client)
{
    if (httpd_socket_unsent(client->fd) > 0)
        httpd_socket_reset_on_close(client->fd);
    if (client->lingers) {
        linger_end(client);
        return;
    }
    (void)shutdown(client->fd, SHUT_RDWR);
    client_leave(&client->httpd->clients, client);
    if (client->exchange)
        exchange_drop(client->exchange);
}

/* It has ended well, but for what the kernel has yet to send, which counts until that is taken. */
static bool linger(struct client *client)
{
    int fd = client->is_leaving || client->httpd->closing || client->held <= HTTPD_SHORT
                 ? -1
                 : fcntl(client->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return false;
    (void)shutdown(fd, SHUT_WR);
    client->fd = fd;
    client->lingers = true;
    client_await(client, clock_mono(), client->httpd->options.step_ms + (ms_t)client->held * 1000 / HTTPD_SLOWEST);
    return true;
}

static enum MHD_Result on_accept(void *user, const struct sockaddr *address, socklen_t len)
{
    const struct httpd *httpd = user;
    struct client *yields;
    (void)len;
    if (!clients_may_enter(&httpd->clients, address, &yields))
        return MHD_NO;
    if (yields)
        drop(yields);
    return MHD_YES;
}

static void client_begin(struct httpd *httpd, struct MHD_Connection *connection, void **context)
{
    const union MHD_ConnectionInfo *address = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const union MHD_ConnectionInfo *fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct client *client = address && fd ? client_new(&httpd->clients, address->client_addr) : NULL;
    *context = client; /* NULL: its first request closes the connection */
    if (!client) {
        httpd->starved = true;
        return;
    }
    client->httpd = httpd;
    client->connection = connection;
    client->fd = fd->connect_fd;
    client_await(client, clock_mono(), httpd->options.step_ms);
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct httpd *httpd = user;
    struct client *client = *context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        client_begin(httpd, connection, context);
    } else if (client) {
        exchange_free(client->exchange);
        if (!linger(client))
            client_free(&httpd->clients, client);
        *context = NULL;
    }
}

/* libmicrohttpd does not notice the end of a connection that is suspended, nor one that comes together with what it has
 * read (0.9.75, with epoll). */
static bool gets_nothing(const struct client *client)
{
    const struct exchange *exchange = client->exchange;
    return exchange ? exchange->phase == EXCHANGE_WAITING || exchange->phase == EXCHANGE_RECEIVING : !client->lingers;
}

static void sweep(struct httpd *httpd, ms_t now)
{
    struct client *client, *after;
    DL_FOREACH_SAFE(httpd->clients.all, client, after)
    {
        if (client->held > 0 && !(client->exchange && client->exchange->is_long))
            client_hold(&httpd->clients, client, httpd_socket_unsent(client->fd));
        if (client->deadline <= now || (gets_nothing(client) && client_has_left(client)))
            drop(client);
        else if (client->lingers && client->held == 0)
            linger_end(client);
    }
    httpd->sweep_at = now + SWEEP_MS;
}

/* Requeues what has waited long enough. Monotonic time at which the next wait ends. */
static ms_t end_waits(struct httpd *httpd, ms_t now)
{
    struct exchange *exchange, *after;
    ms_t next = MS_NEVER;
    DL_FOREACH_SAFE(httpd->waiting, exchange, after)
    {
        exchange->timed_out = exchange->wait_ends <= now;
        if (exchange->timed_out)
            exchange_requeue(exchange);
        else
            next = ms_min(next, exchange->wait_ends);
    }
    return next;
}

static ms_t daemon_delay(const struct httpd *httpd)
{
    MHD_UNSIGNED_LONG_LONG left = 0;
    return MHD_get_timeout(httpd->daemon, &left) == MHD_YES ? (ms_t)left : MS_NEVER;
}

/* libmicrohttpd, which accepts 10 connections in a run, and the queues by turns, until neither has work or the time of
 * this turn is over. */
static void run_for_a_turn(struct httpd *httpd)
{
    int64_t now = clock_mono_us(), end = now + HTTPD_TURN_US, run_at;
    struct exchange *exchange;
    do {
        httpd->resumed = false;
        MHD_run(httpd->daemon);
        run_at = clock_mono_us() + HTTPD_RUN_US;
        while ((now = clock_mono_us()) < end && now < run_at && (exchange = queue_next(httpd)))
            exchange_serve(exchange);
    } while (now < end && (queue_next(httpd) || httpd->resumed || daemon_delay(httpd) == 0));
}

/* Does not show on the epoll descriptor: deadlines, resumed connections, what is left in the queue, and that there is
 * room again for a connection that waits to be accepted. Hence the timer after each run. */
static void httpd_run(void *user)
{
    struct httpd *httpd = user;
    unsigned connections = httpd->clients.count;
    ms_t delay, waits, now = clock_mono();
    if (httpd->paused)
        loop_fd_want(httpd->watch, LOOP_READABLE);
    httpd->paused = false;
    if (httpd->sweep_at <= now)
        sweep(httpd, now);
    (void)end_waits(httpd, now);
    run_for_a_turn(httpd);
    now = clock_mono();
    waits = end_waits(httpd, now);
    delay = ms_min(daemon_delay(httpd), waits == MS_NEVER ? MS_NEVER : waits - now);
    if (queue_next(httpd) || httpd->resumed || httpd->clients.count < connections)
        delay = 0;
    else if (httpd->clients.count > 0)
        delay = ms_min(delay, ms_max(httpd->sweep_at - now, 0));
    loop_timer_in(httpd->timer, delay);
}

/* Without one a client that waits to be accepted shows as readable for ever. */
static bool has_descriptor(const struct httpd *httpd)
{
    int fd = fcntl(httpd->epoll_fd, F_DUPFD_CLOEXEC, 0);
    fd_close(fd);
    return fd >= 0;
}

/* By the timer, so that a turn of the loop has one run. */
static void on_readable(void *user, int events)
{
    struct httpd *httpd = user;
    (void)events;
    if (!has_descriptor(httpd)) {
        httpd->paused = true;
        loop_fd_want(httpd->watch, 0);
    }
    loop_timer_in(httpd->timer, httpd->paused ? NO_DESCRIPTOR_MS : 0);
}

/* The daemon takes the listening socket. */
static struct MHD_Daemon *daemon_start(struct httpd *httpd, int listener)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, on_accept, httpd, exchange_receive, httpd,
                            MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
                            httpd->options.connections + httpd->options.loopback_spare + HTTPD_LEAVING,
                            MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, exchange_new, httpd,
                            MHD_OPTION_NOTIFY_COMPLETED, exchange_over, NULL, MHD_OPTION_NOTIFY_CONNECTION,
                            on_connection, httpd, MHD_OPTION_END);
}

static enum err loop_attach(struct httpd *httpd)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(httpd->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    enum err err;
    if (!info)
        return ERR_IO;
    if ((err = loop_timer_new(httpd->loop, httpd_run, httpd, &httpd->timer)) != OK ||
        (err = loop_fd_new(httpd->loop, info->epoll_fd, on_readable, httpd, &httpd->watch)) != OK)
        return err;
    httpd->epoll_fd = info->epoll_fd;
    loop_fd_want(httpd->watch, LOOP_READABLE);
    return OK;
}

enum err httpd_new(struct loop *loop, const struct httpd_options *options, const struct httpd_handlers *handlers,
                   void *user, struct httpd **ret, struct errbuf *e)
{
    struct httpd *httpd = calloc(1, sizeof *httpd);
    struct address address;
    int listener;
    enum err err;
    if (!httpd)
        return err_set(e, ERR_NOMEM, "HTTP server: out of memory");
    *httpd = (struct httpd){ .loop = loop,
                             .handlers = handlers,
                             .user = user,
                             .options = *options,
                             .clients = { .limit = options->connections,
                                          .limit_per_peer = options->connections_per_peer,
                                          .spare = options->loopback_spare } };
    if ((err = address_parse(text_of(options->address), ADDRESS_PORT_NEEDED, &address, e)) != OK ||
        (err = httpd_socket_listen(&address, &listener, &httpd->port, e)) != OK) {
        free(httpd);
        return err;
    }
    httpd_names_init(&httpd->names, &address, !options->local_names_only, options->more_names);
    if (!options->step_ms)
        httpd->options.step_ms = HTTPD_STEP_MS;
    httpd->daemon = daemon_start(httpd, listener);
    err = httpd->daemon ? loop_attach(httpd) : ERR_IO;
    if (err != OK) {
        httpd_free(httpd);
        return err_set(e, err, "cannot start the HTTP server on %s: %s", options->address, err_name(err));
    }
    *ret = httpd;
    return OK;
}

void httpd_free(struct httpd *httpd)
{
    struct client *client, *after;
    if (!httpd)
        return;
    httpd->closing = true;
    DL_FOREACH(httpd->clients.all, client)
    {
        if (client->exchange)
            exchange_drop(client->exchange); /* libmicrohttpd aborts when it is stopped with suspended connections */
    }
    loop_fd_free(httpd->watch);
    if (httpd->daemon)
        MHD_stop_daemon(httpd->daemon);
    DL_FOREACH_SAFE(httpd->clients.all, client, after)
    {
        linger_end(client);
    }
    loop_timer_free(httpd->timer);
    free(httpd);
}

int httpd_port(const struct httpd *httpd)
{
    return httpd->port;
}

void httpd_url(const struct httpd *httpd, const char *address, const char *machine, char ret[HTTPD_URL_SIZE])
{
    struct address listening = { 0 };
    char text[ADDRESS_TEXT_SIZE];
    bool is_any;
    (void)address_parse(text_of(address), 0, &listening, NULL); /* the server is listening there */
    is_any = strcmp(listening.host, "0.0.0.0") == 0 || strcmp(listening.host, "::") == 0;
    address_print(is_any ? machine : listening.host, httpd->port, text);
    snprintf(ret, HTTPD_URL_SIZE, "http://%s", text);
}

bool httpd_is_starved(const struct httpd *httpd)
{
    return httpd->starved;
}

void httpd_wake(struct httpd *httpd, unsigned bits)
{
    struct exchange *exchange, *after;
    DL_FOREACH_SAFE(httpd->waiting, exchange, after)
    {
        if (exchange->response.wakes_on & bits)
            exchange_requeue(exchange);
    }
    if (queue_next(httpd))
        loop_timer_in(httpd->timer, 0);
}

bool httpd_is_loopback(const char *address)
{
    struct address parsed;
    return address_parse(text_of(address), ADDRESS_PORT_NEEDED, &parsed, NULL) == OK && address_is_loopback(&parsed);
}
