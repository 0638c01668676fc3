/* http_scene.h - an HTTP client, a server that answers as it is told, and what the client was told. Failures fail the
 * running cmocka test. */
#ifndef TEST_HTTP_SCENE_H
#define TEST_HTTP_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "buf.h"
#include "http_client.h"
#include "socket.h"

#define CONNECTIONS_MAX 64
#define LIMIT 32 /* of requests under way */

struct server;

struct connection {
    struct server *server;
    int fd;
    struct loop_fd *watch;
    char seen[1024];
    size_t seen_len, sent;
};

struct server {
    struct loop *loop;
    int listener, port;
    struct loop_fd *watch;
    struct text reply; /* absent = never; the connection is closed behind it */
    struct connection connections[CONNECTIONS_MAX];
    unsigned accepted, asked;
};

static inline void connection_close(struct connection *connection)
{
    loop_fd_free(connection->watch);
    connection->watch = NULL;
    close(connection->fd);
}

static inline bool has_been_asked(const struct connection *connection)
{
    return strstr(connection->seen, "\r\n\r\n") || connection->seen[0] == 0x16; /* a TLS handshake */
}

static inline void connection_ready(void *user, int events)
{
    struct connection *connection = user;
    struct server *server = connection->server;
    ssize_t done;
    if (events & LOOP_READABLE) {
        done = recv(connection->fd, connection->seen + connection->seen_len,
                    sizeof connection->seen - 1 - connection->seen_len, 0);
        if (done <= 0) {
            connection_close(connection);
            return;
        }
        connection->seen_len += (size_t)done;
        if (!has_been_asked(connection))
            return;
        server->asked++;
        loop_fd_want(connection->watch, server->reply.at ? LOOP_WRITABLE : LOOP_READABLE);
    } else {
        done = send(connection->fd, server->reply.at + connection->sent, server->reply.len - connection->sent,
                    MSG_NOSIGNAL);
        connection->sent += done > 0 ? (size_t)done : 0;
        if (done < 0 || connection->sent == server->reply.len)
            connection_close(connection);
    }
}

static inline void server_ready(void *user, int events)
{
    struct server *server = user;
    struct connection *connection = &server->connections[server->accepted];
    (void)events;
    assert_in_range(server->accepted, 0, CONNECTIONS_MAX - 1);
    server->accepted++;
    *connection = (struct connection){ .server = server, .fd = accept(server->listener, NULL, NULL) };
    assert_true(connection->fd >= 0);
    assert_int_equal(loop_fd_new(server->loop, connection->fd, connection_ready, connection, &connection->watch), OK);
    loop_fd_want(connection->watch, LOOP_READABLE);
}

static inline void server_open(struct server *server, struct loop *loop)
{
    *server = (struct server){ .loop = loop, .listener = socket_listen(0) };
    assert_true(server->listener >= 0);
    server->port = socket_port(server->listener);
    assert_int_equal(loop_fd_new(loop, server->listener, server_ready, server, &server->watch), OK);
    loop_fd_want(server->watch, LOOP_READABLE);
}

static inline void server_close(struct server *server)
{
    for (unsigned i = 0; i < server->accepted; i++)
        if (server->connections[i].watch)
            connection_close(&server->connections[i]);
    loop_fd_free(server->watch);
    close(server->listener);
}

/* A client, a server, and what the client was told. */
struct scene {
    struct loop *loop;
    struct server server;
    struct cidr_list allowed;
    struct http_client *client;
    unsigned answers, want, again; /* `again`: requests to make from within answers */
    uint64_t tokens;               /* a bit for each that was answered */
    int status;
    struct buf body;
    char fault[ERRBUF_SIZE];
};

static inline void scene_ask(struct scene *scene, const char *host, uint64_t token, ms_t timeout)
{
    char url[80];
    snprintf(url, sizeof url, "http://%s:%d", host, scene->server.port);
    assert_int_equal(http_client_get(scene->client, url, token, timeout), OK);
}

static inline void answered(void *user, uint64_t token, const struct http_answer *answer)
{
    struct scene *scene = user;
    assert_int_equal(answer->status == 0, answer->fault != NULL);
    assert_false(scene->tokens & UINT64_C(1) << token);
    scene->answers++;
    scene->tokens |= UINT64_C(1) << token;
    scene->status = answer->status;
    buf_reset(&scene->body);
    buf_add_text(&scene->body, answer->body);
    snprintf(scene->fault, sizeof scene->fault, "%s", answer->fault ? answer->fault : "");
    if (scene->again > 0) {
        scene->again--;
        scene_ask(scene, "127.0.0.1", token + 1, AWAIT_LIMIT);
    }
}

static inline void scene_open(struct scene *scene, const char *allowed, unsigned limit)
{
    struct http_client_options options = { .allowed = &scene->allowed, .path = "/health", .limit = limit };
    *scene = (struct scene){ 0 };
    assert_int_equal(cidr_list_parse(text_of(allowed), &scene->allowed, NULL), OK);
    assert_int_equal(loop_new(&scene->loop, NULL), OK);
    server_open(&scene->server, scene->loop);
    assert_int_equal(http_client_new(scene->loop, &options, answered, scene, &scene->client), OK);
}

static inline void scene_close(struct scene *scene)
{
    http_client_free(scene->client);
    server_close(&scene->server);
    loop_free(scene->loop);
    buf_clear(&scene->body);
}

static inline bool has_answers(void *user)
{
    struct scene *scene = user;
    return scene->answers >= scene->want;
}

static inline void scene_await(struct scene *scene, unsigned want)
{
    scene->want = want;
    if (!await_loop(scene->loop, has_answers, scene, AWAIT_LIMIT))
        fail_msg("%u answers of %u; last fault: '%s'", scene->answers, want, scene->fault);
}

/* Ends a header. */
#define LENGTH(n) "Content-Length: " #n "\r\n\r\n"

#endif
