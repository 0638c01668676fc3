/* daemon_loop.h - a daemon on the real loop: broker, HTTP server, signals, readiness.
 *
 *     err = daemon_loop_init(...), then what the program makes for itself, daemon_loop_listen, daemon_loop_connect
 *     code = daemon_loop_run(...)
 *     daemon_loop_clear(...)
 *
 * All on one thread, whose CPU time is counted turn by turn. Once a second it must be able to get memory, and the HTTP
 * server always: else it ends as daemon_starved has it. */
#ifndef SKEP_DAEMON_LOOP_H
#define SKEP_DAEMON_LOOP_H

#include "daemon.h"
#include "histogram.h"
#include "httpd.h"
#include "service.h"

struct daemon_loop {
    struct daemon daemon;
    struct loop *loop; /* for the program's own guests, which it frees before daemon_loop_clear */
    struct loop_timer *tick;
    struct httpd *httpd; /* NULL before daemon_loop_listen */
    struct httpd_handlers handlers;
    struct rng rng;
    ms_t memory_at;         /* monotonic: it was there */
    struct histogram turns; /* CPU time of the thread in each turn of the loop */
    int64_t cpu_us;         /* ... up to the last one's end */
    bool is_stopping;
};

/* The loop and its signals. `ops` and `user` as in daemon_init. Cleared also after a failure. ERR_NOMEM, ERR_IO. */
enum err daemon_loop_init(struct daemon_loop *loop, const struct daemon_ops *ops, void *user, struct errbuf *e);

/* The errors of httpd_new. The limit of descriptors is raised as far as it goes, for what the connections may take and
 * `descriptors` that the program needs besides; there are fewer connections where that is not enough. */
enum err daemon_loop_listen(struct daemon_loop *loop, const struct httpd_options *options, unsigned descriptors,
                            struct errbuf *e);

/* Connects nothing yet; draws the client id, for `address` (topic.h). `conf` is borrowed for good. The errors of
 * mqtt_new. */
enum err daemon_loop_connect(struct daemon_loop *loop, const struct service_conf *conf, const char *address,
                             ms_t keep_alive, ms_t reconnect_max, struct errbuf *e);

/* Until the daemon has ended; its exit code. */
int daemon_loop_run(struct daemon_loop *loop);

void daemon_loop_clear(struct daemon_loop *loop);

#endif
