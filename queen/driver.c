#include <stdio.h>
#include <unistd.h>

#include <utlist.h>

#include "daemon_loop.h"
#include "entropy.h"
#include "event_log.h"
#include "events.h"
#include "http_client.h"
#include "keyed_hash.h"
#include "on_event.h"
#include "queen_driver.h"
#include "routes.h"
#include "store.h"
#include "topic.h"

#define RECONNECT_MAX_MS 2000 /* there is one queen, and all verdicts wait for it */
#define CLOSING_MS 120000     /* all waits of the store are over by then */
#define SETTLE_MS 200         /* a batch waits so long for events that are being sent, so that none is sent again */
#define HTTP_GETS_RUNNING 320 /* the core has no more under way, and may have dropped some before */

_Static_assert(HTTP_GETS_RUNNING >= VERIFY_RUNNING + HIVE_POLLS_RUNNING, "each may send a request over HTTP");

struct queen_driver {
    const struct queen_conf *conf;
    struct daemon_loop loop;
    struct queen *queen;
    struct subscriber *subscribers; /* of the events, utlist: these */
    struct subscriber logger, waiters, command, keeper;
    struct event_log event_log;
    struct on_event *on_event;  /* NULL without --on-event */
    uint64_t verified_count;    /* when waiters were last woken for it */
    struct http_client *client; /* NULL without --verify-http */
    struct store *store;        /* NULL without --state-dir */
    uint64_t kept;              /* the last event that is stored for good */
    bool is_filling, is_full;   /* a batch; the last one was */
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
    return queen_http(((struct queen_driver *)user)->queen, request, now, wall, ret, outbox);
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

static void put_event(struct queen_driver *driver, uint64_t id, const char *hive, struct text document)
{
    store_put(driver->store,
              &(struct store_row){ .kind = STORE_EVENT, .hive = text_of(hive), .event = { id, document } });
}

/* Behind those that are lost. */
static bool keep_event(void *user, const struct event *event)
{
    struct queen_driver *driver = user;
    struct id_range lost = events_missed(&driver->keeper, event);
    char line[EVENTS_LOST_SIZE];
    if (!driver->is_filling || !store_has_room(driver->store))
        return false;
    events_lost_write(lost, line);
    if (lost.first)
        put_event(driver, lost.last, "", text_of(line));
    put_event(driver, event->id, event->hive, event->json);
    return true;
}

/* All that is new, as far as a batch takes it; true: there may be more. */
static bool fill_batch(struct queen_driver *driver)
{
    struct store_row row;
    driver->is_filling = true;
    events_hand_out(driver->queen, &driver->keeper);
    while ((driver->is_filling = store_has_room(driver->store)) && queen_next_row(driver->queen, &row)) {
        if (row.kind == STORE_LIFE)
            row.life.commanded = commanded(driver);
        store_put(driver->store, &row);
    }
    driver->is_full = !driver->is_filling;
    driver->is_filling = false;
    store_commit(driver->store, driver->loop.daemon.now);
    return driver->is_full;
}

/* When all events are where they go: else a process that is killed leaves some of which nobody knows whether they got
 * there. */
static ms_t settle_time(const struct queen_driver *driver)
{
    uint64_t last = queen_last_event(driver->queen);
    return queen_told(driver->queen) >= last && commanded(driver) >= last ? 0 : SETTLE_MS;
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

static void keep_rows(struct queen_driver *driver)
{
    bool takes = store_takes(driver->store, driver->loop.daemon.now - settle_time(driver));
    if (store_has_lost(driver->store)) {
        queen_rows_lost(driver->queen);
        driver->keeper.cursor = driver->kept;
    } else if (takes && !driver->is_full) {
        driver->kept = driver->keeper.cursor;
    }
    note_store(driver);
    if (takes)
        (void)fill_batch(driver);
}

/* What the last steps have changed; also where the last batch failed less than a minute ago. */
static void close_store(struct queen_driver *driver)
{
    if (driver->store && driver->queen)
        while (store_wait(driver->store) && store_takes(driver->store, driver->loop.daemon.now + CLOSING_MS) &&
               fill_batch(driver))
            continue;
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
        keep_rows(driver);
    if (count != driver->verified_count)
        httpd_wake(driver->loop.httpd, QUEEN_CHANGED_VERIFIED);
    driver->verified_count = count;
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
    on_event_add_lost(driver->on_event, events_missed(&driver->command, event));
    on_event_add(driver->on_event, event);
    return true;
}

/* What earlier processes have announced is for none but the command, which may not have got it. */
static void subscribe(struct queen_driver *driver)
{
    uint64_t last = queen_last_event(driver->queen), commanded = driver->command.cursor;
    driver->logger = (struct subscriber){ .name = "log", .take = log_event, .user = driver, .cursor = last };
    driver->waiters = (struct subscriber){ .name = "HTTP", .take = wake_waiters, .user = driver, .cursor = last };
    driver->keeper = (struct subscriber){ .name = "--state-dir", .take = keep_event, .user = driver, .cursor = last };
    driver->command =
        (struct subscriber){ .name = "--on-event", .take = run_command, .user = driver, .cursor = commanded };
    driver->kept = last;
    LL_APPEND(driver->subscribers, &driver->logger);
    LL_APPEND(driver->subscribers, &driver->waiters);
    if (driver->on_event)
        LL_APPEND(driver->subscribers, &driver->command);
    if (driver->store)
        LL_APPEND(driver->subscribers, &driver->keeper);
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

int driver_run(const struct queen_conf *conf)
{
    struct queen_driver driver = { .conf = conf };
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
