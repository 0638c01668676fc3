#include "http.h"

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flood.h"

#define CONNECTIONS_MAX 2000
#define BUFFER_SIZE 65536
#define DRIP_US 500000 /* between two bytes of a header */

static int connect_from(const char *from, int port)
{
    struct sockaddr_in own = { .sin_family = AF_INET },
                       to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, from, &own.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    if (fd >= 0 && bind(fd, (void *)&own, sizeof own) == 0 && connect(fd, (void *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

char *http_get(int port, const char *path, int64_t limit_us)
{
    int fd = connect_from("127.0.0.1", port);
    struct timeval limit = { limit_us / 1000000, limit_us % 1000000 };
    size_t len = 0, size = 0;
    ssize_t got = 1;
    char *text = NULL, *body;
    if (fd < 0)
        return NULL;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    dprintf(fd, "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", path);
    while (got > 0) {
        if (len + BUFFER_SIZE >= size && !(text = realloc(text, size = 2 * size + 2 * BUFFER_SIZE)))
            err(2, "memory");
        got = read(fd, text + len, BUFFER_SIZE);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    text[len] = '\0';
    body = strstr(text, "\r\n\r\n");
    body = got == 0 && body && strncmp(text + 8, " 200", 4) == 0 ? strdup(body + 4) : NULL;
    free(text);
    return body;
}

struct hose {
    const struct stage *stage;
    const struct action *action;
    struct pollfd fds[CONNECTIONS_MAX];
    unsigned count; /* of connections wanted */
    char from[32], request[512];
    size_t request_len;
    int64_t sent, answered;
};

static void begin(struct hose *hose, unsigned i)
{
    const char *method = hose->action->verb == VERB_POST ? "POST" : "GET";
    int fd = connect_from(hose->from, hose->stage->options.http), small = 4096;
    hose->fds[i] = (struct pollfd){ .fd = fd, .events = hose->action->verb == VERB_HOLD ? 0 : POLLIN };
    if (fd < 0)
        return;
    if (hose->action->verb == VERB_HOLD)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    hose->request_len =
        (size_t)snprintf(hose->request, sizeof hose->request, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", method,
                         hose->action->target, hose->action->verb == VERB_POST ? "Content-Length: 0\r\n" : "");
}

static void end(struct hose *hose, unsigned i)
{
    if (hose->fds[i].fd >= 0)
        close(hose->fds[i].fd);
    hose->fds[i].fd = -1;
}

/* A whole request, or for slow ones the next byte of a header that never ends. */
static void send_request(struct hose *hose, unsigned i)
{
    bool drips = hose->action->verb == VERB_DRIP;
    ssize_t sent;
    if (hose->fds[i].fd < 0)
        begin(hose, i);
    if (hose->fds[i].fd < 0)
        return;
    sent = send(hose->fds[i].fd, drips ? "G" : hose->request, drips ? 1 : hose->request_len, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN)
        end(hose, i);
    hose->sent += sent > 0;
}

/* Whether connection `i` may get another request: its answer ended, or it ended itself. */
static bool take_answer(struct hose *hose, unsigned i)
{
    static char buffer[BUFFER_SIZE];
    ssize_t got = recv(hose->fds[i].fd, buffer, sizeof buffer, 0);
    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            end(hose, i);
        return hose->fds[i].fd < 0;
    }
    if (buffer[got - 1] != '}' && (got < 5 || memcmp(buffer + got - 5, "0\r\n\r\n", 5) != 0))
        return false;
    hose->answered++;
    return true;
}

/* Requests on all of them that have none under way, at the action's rate. */
static void pour(struct hose *hose, bool *is_free, int64_t due)
{
    for (unsigned i = 0; i < hose->count; i++) {
        if (is_free[i] && hose->sent < due) {
            send_request(hose, i);
            is_free[i] = hose->fds[i].fd < 0;
        }
    }
    if (poll(hose->fds, hose->count, 5) > 0)
        for (unsigned i = 0; i < hose->count; i++)
            if (hose->fds[i].revents)
                is_free[i] = take_answer(hose, i);
}

static void drip(struct hose *hose)
{
    for (unsigned i = 0; i < hose->count; i++)
        send_request(hose, i);
    sleep_us(DRIP_US);
}

void http_play(const struct stage *stage, unsigned number)
{
    static struct hose hose;
    static bool is_free[CONNECTIONS_MAX];
    const struct action *action = &stage->script.actions[number];
    hose.stage = stage;
    hose.action = action;
    hose.count = action->over ? action->over : 1;
    if (hose.count > CONNECTIONS_MAX)
        errx(2, "over= is %d at most", CONNECTIONS_MAX);
    snprintf(hose.from, sizeof hose.from, "127.0.1.%u", 1 + number);
    memset(is_free, 1, sizeof is_free);
    for (unsigned i = 0; i < hose.count; i++)
        hose.fds[i].fd = -1;
    stage_await_start(stage);
    sleep_us(action->at_us - stage_time(stage));
    while (flood_lasts(stage, action))
        if (action->verb == VERB_DRIP)
            drip(&hose);
        else
            pour(&hose, is_free, flood_due(action, stage_time(stage) - action->at_us));
    flood_report(stage, number, action->verb == VERB_GET || action->verb == VERB_POST ? hose.answered : hose.sent,
                 hose.sent);
}
