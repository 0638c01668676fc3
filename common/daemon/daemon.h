/* daemon.h - the driver of a core: steps it with the time, carries out what it wants, ticks it when its deadline has
 * come. Without a loop of its own: daemon_loop.h runs it in queen and hive, tests/sim under a clock of its own.
 *
 * Calls of the core never nest: what an effect brings about (an answer, a process that has started) is a further input,
 * after the effects at hand. All calls on one thread. */
#ifndef SKEP_DAEMON_H
#define SKEP_DAEMON_H

#include "broker_link.h"
#include "log.h"

/* The core, and what only its program does. All get the `user` of daemon_init. */
struct daemon_ops {
    void (*step)(void *user, const struct input *input, struct outbox *outbox);
    ms_t (*deadline)(const void *user); /* of the next tick; MS_NEVER = none */

    ms_t (*http)(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox); /* as httpd_handler */

    /* The rest may be NULL. */
    bool (*listing_next)(void *user, struct listing *listing, ms_t now, ms_t wall,
                         struct buf *slice); /* as in httpd.h */
    ms_t (*listing_wait)(const struct listing *listing);
    size_t (*listing_bytes)(const struct listing *listing);
    void (*listing_free)(struct listing *listing);
    enum err (*http_get)(void *user, const struct http_get *get); /* ERR_NOMEM ends the daemon */
    void (*stepped)(void *user);                                  /* all effects were carried out */
    bool (*work)(void *user); /* once a turn, before the sleep. False: more is left, and the loop shall have its turn */
    /* HUP: the configuration is read again. What is faulty changes nothing; the sentence has file and line. */
    enum err (*reload)(void *user, struct errbuf *e);
    void (*clock)(void *user, ms_t *ret_now, ms_t *ret_wall); /* NULL: the machine's */
};

struct daemon {
    const struct daemon_ops *ops;
    void *user;
    struct broker_link *link; /* owned; set before the first input */
    struct outbox outbox;
    struct log_limit notices;
    ms_t now, wall;    /* of the input at hand */
    ms_t caught_up_at; /* when all that had arrived was read */
    ms_t tick_by;      /* what is due waits for what goes on arriving; MS_NEVER: it does not wait */
    bool is_leaving;   /* EFFECT_DISCONNECT is under way */
    bool is_ending;    /* EFFECT_EXIT came */
    bool has_ended;    /* nothing more is to be done: the process may go, with exit_code */
    int exit_code;
};

/* Reads the clock. `ops` and `user` are borrowed for good. */
void daemon_init(struct daemon *daemon, const struct daemon_ops *ops, void *user);
void daemon_clear(struct daemon *daemon);

/* The functions of struct broker_link_options; their user is the daemon. */
void daemon_input(void *daemon, struct input *input);
void daemon_left(void *daemon);

/* Out of memory: it ends, for whoever starts it again. One that goes on may be without a link, or without answers over
 * HTTP, for good, and nothing shows it. */
void daemon_starved(void *daemon);

/* Those of struct httpd_handlers, likewise. */
ms_t daemon_http(void *daemon, const struct http_request *request, struct http_response *ret);
bool daemon_listing_next(void *daemon, struct listing *listing, struct buf *slice);

/* One input from elsewhere. */
void daemon_step(struct daemon *daemon, struct input input);

/* For further functions of the core: the time is read into `now` and `wall`, effects go into the outbox; and they are
 * carried out. */
struct outbox *daemon_enter(struct daemon *daemon);
void daemon_leave(struct daemon *daemon);

/* Before each sleep. Reads what lies in the socket, then ticks if that is due: a heartbeat that has arrived wins over
 * the limit that it would miss. Where it goes on arriving faster than it is read, a tick is 50 ms late at most. Returns
 * for how long to sleep, MS_NEVER = until something comes. */
ms_t daemon_turn(struct daemon *daemon);

#endif
