/* httpd_state.h - inside of the HTTP server: what its files share. */
#ifndef SKEP_HTTPD_STATE_H
#define SKEP_HTTPD_STATE_H

#include "httpd_clients.h"
#include "httpd_handlers.h"
#include "httpd_names.h"
#include "loop.h"

struct MHD_Daemon;

enum exchange_phase {
    EXCHANGE_RECEIVING,
    EXCHANGE_QUEUED,  /* suspended: to be served */
    EXCHANGE_WAITING, /* suspended: for httpd_wake, or the end of its wait */
    EXCHANGE_SENDING, /* the answer, or a slice of it, is there */
};

/* One request, from its first line until its response is out. */
struct exchange {
    struct httpd *httpd;
    struct client *client;
    const char *method; /* borrowed from libmicrohttpd */
    char *target;       /* of the request line; `path` and `query` lie in it */
    const char *path;
    struct text query;
    struct buf body;
    bool names_other; /* its target is a URL, with a host that is no name of this server */
    bool begun, keeps_body, timed_out, yields, responded, dropped;
    enum exchange_phase phase;
    ms_t received_at; /* when the handler was first called; 0 = not yet */
    ms_t waits_since; /* of one that waits, as the next */
    ms_t wait_ends;
    ms_t answer_ends;
    struct http_response response; /* status 0 = there is none yet; its body holds the slice at hand */
    bool more;                     /* its listing has another slice */
    size_t sent;                   /* of that slice */
    bool is_long;                  /* it is accounted for */
    bool had_turn;                 /* since it came, or waited */
    struct exchange *prev, *next;  /* in one of `queues`, or `waiting` */
};

struct httpd {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_fd *watch;    /* of libmicrohttpd's epoll descriptor */
    struct loop_timer *timer; /* the next thing that does not show there */
    struct httpd_options options;
    struct httpd_names names;
    const struct httpd_handlers *handlers;
    void *user;
    bool closing;
    int epoll_fd; /* libmicrohttpd's */
    bool paused;  /* for want of descriptors: nothing is read for a moment */
    bool resumed; /* a connection, since the last run of libmicrohttpd */
    int port;
    struct clients clients;
    struct exchange *queues[2]; /* those that had no turn yet; those that have more to do */
    unsigned next_queue;
    struct exchange *waiting;
    unsigned waiting_count[HTTPD_WAIT_KINDS];
    ms_t sweep_at;
};

#endif
