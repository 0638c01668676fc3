/* httpd_handlers.h - what answers the requests of an HTTP server, and the server's limits. */
#ifndef SKEP_HTTPD_HANDLERS_H
#define SKEP_HTTPD_HANDLERS_H

#include "wire.h"

#define HTTPD_TURN_US 2000
#define HTTPD_STEP_MS 30000 /* and a second for each HTTPD_SLOWEST bytes of an answer */
#define HTTPD_SLOWEST 16384
#define HTTPD_ANSWER_MS 600000
#define HTTPD_HELD_MAX (64u << 20)         /* bytes of answers not yet taken, in all */
#define HTTPD_HELD_PER_ADDRESS (16u << 20) /* one answer may have more where nothing else waits to be taken */
#define HTTPD_SLICE (64u << 10)            /* held at least for each answer that comes in slices */

/* Fills *ret and returns 0, or returns how many ms the request shall wait (> 0): the handler is called again after an
 * httpd_wake with a bit of ret->wakes_on, or after that time with timed_out set. Takes a ms or two at most: what grows
 * with the fleet belongs into ret->listing. */
typedef ms_t httpd_handler(void *user, const struct http_request *request, struct http_response *ret);

/* Body for faults found here (status, one sentence): lets the program keep one error shape. */
typedef void httpd_fault(void *user, int status, const char *sentence, struct http_response *ret);

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
