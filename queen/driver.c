#include <stdio.h>
#include <unistd.h>

#include <utlist.h>

#include "daemon_loop.h"
#include "entropy.h"
#include "event_log.h"
#include "events.h"
#include "http_client.h"
#include "keeper.h"
#include "keyed_hash.h"
#include "on_event.h"
#include "process_figures.h"
#include "queen_driver.h"
#include "routes.h"
#include "store.h"
#include "topic.h"

#define RECONNECT_MAX_MS 2000 /* there is one queen, and all verdicts wait for it */
#define CLOSING_MS 120000     /* all waits of the store are over by then */
#define HTTP_GETS_RUNNING 320 /* the core has no more under way, and may have dropped some before */

_Static_assert(HTTP_GETS_RUNNING >= VERIFY_RUNNING + HIVE_POLLS_RUNNING, "each may send a request over HTTP");

struct queen_driver {
    struct queen_conf *conf;
    int argc;
    char **argv;
    struct daemon_loop loop;
    struct queen *queen;
    ms_t started;                   /* unix */
    struct subscriber *subscribers; /* of the events, utlist: these */
    struct subscriber logger, waiters, command;
    struct event_log event_log;
    struct on_event *on_event;  /* NULL without --on-event */
    uint64_t verified_count;    /* when waiters were last woken for it */
    struct http_client *client; /* NULL without --verify-http */
    struct store *store;        /* NULL without --state-dir */
    struct keeper keeper;
    struct log_limit keeper_missing;
    bool is_store_failing;
};

static void step(void *user, const struct input *input, struct outbox *outbox)
{
    struct queen_driver *driver = user;
    queen_step(driver->queen, input, outbox);
}

static ms_t deadline(const void *user)
{
    return queen_deadline(((const struct queen_driver *)user)->queen);
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    struct queen_driver *driver = user;
    if (queen_http_needs_process(request)) {
        struct queen_process process = process_figures(&driver->loop, driver->started);
        queen_set_process(driver->queen, &process);
    }
    return queen_http(driver->queen, request, now, wall, ret, outbox);
}

static bool listing_next(void *user, struct listing *listing, ms_t now, ms_t wall, struct buf *slice)
{
    return queen_listing_next(((struct queen_driver *)user)->queen, listing, now, wall, slice);
}

static enum err http_get(void *user, const struct http_get *get)
{
    struct queen_driver *driver = user;
    return driver->client ? http_client_get(driver->client, get->url, get->token, get->timeout) : OK;
}

static void log_left_out(struct queen_driver *driver)
{
    const char *hive;
    uint64_t count;
    while (event_log_left_out(&driver->event_log, driver->loop.daemon.now, &hive, &count))
        log_at(LOG_WARNING, "events of a hive were left out of the log", "hive", hive, "events", INT_TEXT(count), NULL);
}

/* The highest event that does not wait for the command, nor one before it. */
static uint64_t commanded(const struct queen_driver *driver)
{
    uint64_t oldest = driver->on_event ? on_event_oldest(driver->on_event) : 0;
    return oldest ? oldest - 1 : driver->on_event ? driver->command.cursor : queen_last_event(driver->queen);
}

static void note_store(struct queen_driver *driver)
{
    const char *fault = store_fault(driver->store);
    bool is_failing = fault != NULL;
    queen_set_store_fault(driver->queen, fault);
    if (is_failing && !driver->is_store_failing)
        log_at(LOG_ERROR, fault, NULL);
    else if (!is_failing && driver->is_store_failing)
        log_at(LOG_INFO, "--state-dir is written again", NULL);
    driver->is_store_failing = is_failing;
}

/* True: there may be more. */
static bool keep_rows(struct queen_driver *driver, ms_t now)
{
    struct keeper *keeper = &driver->keeper;
    uint64_t given = commanded(driver);
    bool takes = store_takes(driver->store, now - keeper_wait(keeper, given));
    struct store_row row;
    keeper_turn(keeper, takes, store_has_lost(driver->store));
    note_store(driver);
    if (!takes)
        return false;
    while (store_has_room(driver->store) && keeper_next(keeper, given, &row))
        store_put(driver->store, &row);
    keeper_filled(keeper, !store_has_room(driver->store));
    store_commit(driver->store, now);
    events_log_missed("--state-dir", &keeper->missed, &driver->keeper_missing);
    return keeper->is_full;
}

/* What the last steps have changed; also where the last batch failed less than a minute ago. */
static void close_store(struct queen_driver *driver)
{
    ms_t now = driver->loop.daemon.now;
    if (driver->store && driver->queen) {
        if (store_wait(driver->store))
            (void)keep_rows(driver, now); /* learns what became of it */
        while (store_wait(driver->store) && keep_rows(driver, now + CLOSING_MS))
            continue;
    }
    store_close(driver->store);
}

static void stepped(void *user)
{
    struct queen_driver *driver = user;
    uint64_t count = queen_verified_count(driver->queen);
    events_hand_out(driver->queen, driver->subscribers);
    log_left_out(driver);
    if (driver->on_event)
        on_event_run(driver->on_event);
    if (driver->store)
        (void)keep_rows(driver, driver->loop.daemon.now);
    if (count != driver->verified_count)
        httpd_wake(driver->loop.httpd, QUEEN_CHANGED_VERIFIED);
    driver->verified_count = count;
}

/* They were read below the same root, whose text is gone with the fresh configuration. */
static void take_devices(struct queen_driver *driver, struct queen_conf *fresh)
{
    struct devices *before = driver->conf->devices;
    struct daemon *daemon = &driver->loop.daemon;
    struct outbox *outbox;
    if (!before)
        return;
    driver->conf->devices = fresh->devices;
    driver->conf->devices->root = driver->conf->common.root;
    fresh->devices = before;
    outbox = daemon_enter(daemon);
    queen_set_devices(driver->queen, driver->conf->devices, daemon->now, daemon->wall, outbox);
    daemon_leave(daemon);
}

/* Of what may change: token and devices are exchanged; passwords and certificates are read at every connect, and were
 * found to be good. */
static void take_over(struct queen_driver *driver, struct queen_conf *fresh)
{
    char *before = driver->conf->token;
    driver->conf->token = fresh->token;
    fresh->token = before;
    queen_set_token(driver->queen, driver->conf->token);
    take_devices(driver, fresh);
}

static enum err reload(void *user, struct errbuf *e)
{
    struct queen_driver *driver = user;
    struct queen_conf fresh = { 0 };
    struct arena arena = { 0 };
    enum err err = queen_conf_reread(driver->conf, driver->argc, driver->argv, &arena, &fresh, e);
    if (err == OK)
        take_over(driver, &fresh);
    queen_conf_clear(&fresh);
    arena_clear(&arena);
    return err;
}

static const struct daemon_ops ops = {
    .step = step,
    .deadline = deadline,
    .http = http,
    .listing_next = listing_next,
    .listing_wait = queen_listing_wait,
    .listing_bytes = queen_listing_bytes,
    .listing_free = queen_listing_free,
    .http_get = http_get,
    .stepped = stepped,
    .reload = reload,
};

static void on_answered(void *user, uint64_t token, const struct http_answer *answer)
{
    struct queen_driver *driver = user;
    daemon_step(&driver->loop.daemon, (struct input){ .kind = INPUT_HTTP_ANSWERED, .token = token, .answer = answer });
}

static enum err make_core(struct queen_driver *driver, struct errbuf *e)
{
    const struct queen_conf *conf = driver->conf;
    static char host[256];
    struct queen_options options = conf->core;
    options.host = host;
    options.version = SKEP_VERSION;
    options.pid = (uint32_t)getpid();
    options.token = conf->token;
    options.verify_http = conf->http_allowlist.count > 0;
    options.sd_endpoints = conf->sd_endpoints.count > 0 ? &conf->sd_endpoints : NULL;
    driver->started = driver->loop.daemon.wall;
    (void)gethostname(host, sizeof host - 1);
    entropy_need(&options.session, sizeof options.session);
    entropy_need(&options.secret, sizeof options.secret);
    keyed_hash_seed(siphash_derive(&options.secret, "hash tables"));
    return queen_conf_make(conf, &options, driver->loop.daemon.now, driver->loop.daemon.wall, &driver->queen, e);
}

static enum err restore(void *user, const struct store_row *row)
{
    struct queen_driver *driver = user;
    enum err err = queen_restore(driver->queen, row);
    if (err == OK && row->kind == STORE_LIFE)
        driver->command.cursor = row->life.commanded;
    return err;
}

/* What cannot be read is missing, and the broker's verdicts tell what they can. */
static enum err open_store(struct queen_driver *driver, struct errbuf *e)
{
    struct errbuf why = { 0 };
    size_t refused;
    enum err err;
    if (!queen_conf_has_store(driver->conf))
        return OK;
    if ((err = store_open(driver->conf->state_dir, &driver->store, &why)) != OK)
        return err_set(e, err, "%s", why.text);
    if (why.text[0] && !store_fault(driver->store))
        log_at(LOG_ERROR, why.text, NULL);
    if (store_load(driver->store, restore, driver, &refused, &why) != OK)
        log_at(LOG_ERROR, why.text, NULL);
    if (refused > 0)
        log_at(LOG_WARNING, "some of what --state-dir holds is left out", "rows", INT_TEXT((int64_t)refused), NULL);
    keeper_init(&driver->keeper, driver->queen);
    note_store(driver);
    return OK;
}

static bool log_event(void *user, const struct event *event)
{
    struct queen_driver *driver = user;
    if (event_log_admit(&driver->event_log, event->hive, driver->loop.daemon.now))
        log_at(LOG_INFO, event->line, NULL);
    return true;
}

static bool wake_waiters(void *user, const struct event *event)
{
    struct queen_driver *driver = user;
    (void)event;
    httpd_wake(driver->loop.httpd, QUEEN_CHANGED_EVENT);
    return true;
}

static bool run_command(void *user, const struct event *event)
{
    struct queen_driver *driver = user;
    on_event_add_lost(driver->on_event, event_missed(event, driver->command.cursor));
    on_event_add(driver->on_event, event);
    return true;
}

/* What earlier processes have announced is for none but the command, which may not have got it. */
static void subscribe(struct queen_driver *driver)
{
    uint64_t last = queen_last_event(driver->queen), commanded = driver->command.cursor;
    driver->logger = (struct subscriber){ .name = "log", .take = log_event, .user = driver, .cursor = last };
    driver->waiters = (struct subscriber){ .name = "HTTP", .take = wake_waiters, .user = driver, .cursor = last };
    driver->command =
        (struct subscriber){ .name = "--on-event", .take = run_command, .user = driver, .cursor = commanded };
    LL_APPEND(driver->subscribers, &driver->logger);
    LL_APPEND(driver->subscribers, &driver->waiters);
    if (driver->on_event)
        LL_APPEND(driver->subscribers, &driver->command);
}

static enum err make(struct queen_driver *driver, struct errbuf *e)
{
    const struct queen_conf *conf = driver->conf;
    struct httpd_options options = { .address = conf->http,
                                     .body_limit = ROUTES_BODY_MAX,
                                     .connections = HTTPD_QUEEN_CONNECTIONS,
                                     .connections_per_peer = HTTPD_QUEEN_CONNECTIONS_PER_PEER,
                                     .loopback_spare = HTTPD_LOOPBACK_SPARE,
                                     .local_names_only = true,
                                     .more_names = conf->http_host };
    struct http_client_options client = { .allowed = &conf->http_allowlist,
                                          .path = "/health",
                                          .limit = HTTP_GETS_RUNNING };
    char address[ADDRESS_SIZE];
    enum err err;
    address_of(NULL, NULL, conf->core.id, address);
    if ((err = daemon_loop_init(&driver->loop, &ops, driver, e)) != OK || (err = make_core(driver, e)) != OK ||
        (err = open_store(driver, e)) != OK ||
        (err = daemon_loop_listen(&driver->loop, &options, conf->http_allowlist.count > 0 ? HTTP_GETS_RUNNING : 0,
                                  e)) != OK)
        return err;
    if (conf->on_event && (err = on_event_new(driver->loop.loop, conf->on_event, &driver->on_event)) != OK)
        return err;
    if (conf->http_allowlist.count > 0 &&
        (err = http_client_new(driver->loop.loop, &client, on_answered, driver, &driver->client)) != OK)
        return err;
    subscribe(driver);
    return daemon_loop_connect(&driver->loop, &conf->common, address, conf->core.keep_alive, RECONNECT_MAX_MS, e);
}

static void unmake(struct queen_driver *driver)
{
    close_store(driver);
    on_event_free(driver->on_event);
    event_log_clear(&driver->event_log);
    http_client_free(driver->client);
    daemon_loop_clear(&driver->loop);
    queen_free(driver->queen);
}

static int run(struct queen_driver *driver)
{
    log_at(LOG_INFO, "started", "id", driver->conf->core.id, "http", driver->conf->http, "port",
           INT_TEXT(httpd_port(driver->loop.httpd)), NULL);
    return daemon_loop_run(&driver->loop);
}

int driver_run(struct queen_conf *conf, int argc, char **argv)
{
    struct queen_driver driver = { .conf = conf, .argc = argc, .argv = argv };
    struct errbuf e = { 0 };
    enum err err;
    int code;
    if ((err = make(&driver, &e)) == OK) {
        code = run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        code = err == ERR_ID || err == ERR_FULL ? EXIT_USAGE : EXIT_FAILED; /* the list of --expect */
    }
    unmake(&driver);
    return code;
}
