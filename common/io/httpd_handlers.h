/* httpd_handlers.h - what answers the requests of an HTTP server, its options and its limits. */
#ifndef SKEP_HTTPD_HANDLERS_H
#define SKEP_HTTPD_HANDLERS_H

#include "httpd_rations.h"
#include "wire.h"

struct httpd_options {
    const char *address;           /* host:port, [v6]:port; port 0 = any free one */
    size_t body_limit;             /* bytes */
    unsigned connections;          /* in all */
    unsigned connections_per_peer; /* httpd_clients.h; 0 = no limit */
    unsigned loopback_spare;       /* connections beyond `connections` that only the loopback gets */
    ms_t step_ms;                  /* 0 = HTTPD_STEP_MS */
    bool local_names_only;         /* 421 for a Host that names another server (httpd_names.h) */
    const char *more_names;        /* that it has besides, with commas between; NULL = none */
};

/* Fills *ret and returns 0, or returns how many ms the request shall wait (> 0): the handler is called again after an
 * httpd_wake with a bit of ret->wakes_on, or after that time with timed_out set. Takes a ms or two at most: what grows
 * with the fleet belongs into ret->listing. */
typedef ms_t httpd_handler(void *user, const struct http_request *request, struct http_response *ret);

/* Fills in the body for a fault that is found here: lets the program keep one error shape. `code` is NULL. */
typedef void httpd_fault(struct http_response *ret, int status, const char *code, const char *sentence);

struct httpd_handlers {
    httpd_handler *request;
    httpd_fault *fault;
    /* For responses with a listing (NULL: there are none): appends the next slice, HTTPD_SLICE or what takes 1 ms, or
     * nothing yet, whereas with its first bytes the answer is admitted for good (503 before); false: it was the last
     * one, or `slice` has failed, and the answer is cut off. */
    bool (*listing_next)(void *user, struct listing *listing, struct buf *slice);
    /* Monotonic time until which it has no first slice, unless a bit of its response's wakes_on comes; 0 = it has. */
    ms_t (*listing_wait)(const struct listing *listing);
    size_t (*listing_bytes)(const struct listing *listing); /* that it holds at present */
    void (*listing_free)(struct listing *listing);          /* once for each, also when the client has gone */
};

#endif
