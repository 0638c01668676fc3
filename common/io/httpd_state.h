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

/* Exchanges that are to be served wait in line by what is to be done. */
enum exchange_queue {
    QUEUE_WOKEN, /* its handler is called again */
    QUEUE_NEW,   /* ... for the first time */
    QUEUE_FIRST, /* the first slice of its listing is made */
    QUEUE_MORE,  /* ... the next one */
    QUEUES,
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
    bool is_url;      /* its target is */
    bool names_other; /* ... with a host that is no name of this server */
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
    bool had_slice;                /* since it came, or waited */
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
    bool starved; /* out of memory, ever */
    int epoll_fd; /* libmicrohttpd's */
    bool paused;  /* for want of descriptors: nothing is read for a moment */
    bool resumed; /* a connection, since the last run of libmicrohttpd */
    int port;
    struct clients clients;
    struct exchange *queues[QUEUES];
    int64_t spent_us[QUEUES]; /* on each: the next one is of that with least */
    int64_t least_us;         /* ... which was so much */
    struct exchange *waiting;
    unsigned waiting_count[HTTPD_WAIT_KINDS];
    ms_t sweep_at;
};

#endif
