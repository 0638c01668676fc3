/* site.h - an HTTP server whose handler writes down what it sees, and two kinds of clients for it: a bare connection
 * and libcurl. Failures fail the running cmocka test. */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include <pthread.h>

#include "httpd.h"

#define SITE_BODY_LIMIT 1000
#define SITE_ANSWER_SIZE 4096
#define SITE_WAKE 2u /* what /wait is woken by */

/* A server and what its handler saw last. */
struct site {
    struct loop *loop;
    struct httpd *httpd;
    unsigned calls, timeouts;
    unsigned want;
    char method[16], path[64], query[64], body[64], accept[64], host[64];
    bool has_query;
    size_t body_len;
    bool open; /* /wait answers at once */
    ms_t wait;
};

void site_open(struct site *site, unsigned connections, unsigned per_address); /* on a free port */
/* The same with options of its own (the address is set here) and other handlers, whose user is the site. */
void site_start(struct site *site, struct httpd_options options, const struct httpd_handlers *handlers);
void site_close(struct site *site);
void site_await_calls(struct site *site, unsigned want); /* runs the loop until the handler was called so often */

/* Answers "answer N" with the number of the call: 404 for /none, 504 when timed out, else 200; /wait waits until
 * `open`. */
httpd_handler site_handle;
httpd_fault site_fault;                           /* "fault STATUS: SENTENCE" */
extern const struct httpd_handlers site_handlers; /* these two */

/* Of a listing that never waits, holds nothing, and is not to be freed. */
ms_t site_listing_wait(const struct listing *listing);
size_t site_listing_bytes(const struct listing *listing);
void site_listing_free(struct listing *listing);

/* One connection that speaks by hand. */
struct line {
    int fd;
    const char *want; /* what the awaited answer holds; NULL = the connection is closed */
    size_t len;
    bool closed, was_reset; /* the latter is one way of the former */
    char answer[SITE_ANSWER_SIZE];
};

void line_open(struct line *line, const struct site *site);
/* With a small buffer: takes no more of the answer than that, if nothing is awaited. */
void line_open_reader(struct line *line, const struct site *site, const char *request);
void line_say(struct line *line, const char *text); /* forgets what was answered before */
bool line_has(void *line);                          /* a condition: what is wanted is there */
void line_await(struct line *line, struct site *site, const char *want);

/* The answer to a GET of `path` with a connection of its own, which is opened again for as long as it is refused. */
void line_ask(struct line *line, struct site *site, const char *path);

/* libcurl in a thread, because it blocks. */
struct fetch {
    char url[128];
    const char *body; /* NULL = GET */
    bool head;
    long status;
    char type[64];
    int code; /* CURLcode */
    pthread_t thread;
    pthread_mutex_t lock;
    bool done;
    size_t len;
    char answer[SITE_ANSWER_SIZE];
};

/* Fetches http://127.0.0.1:port`target` while the loop runs. */
void fetch_run(struct fetch *fetch, struct site *site, const char *target);

#endif
