#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agents.h"
#include "clock.h"
#include "daemon_loop.h"
#include "entropy.h"
#include "gpu_reader.h"
#include "gpu_watch.h"
#include "hive_driver.h"
#include "host_facts.h"
#include "keyed_hash.h"
#include "state_dir.h"
#include "topic.h"

#define HTTP_BODY_MAX 1024 /* nothing here takes one */
#define KEEP_ALIVE_MS 10000
#define RECONNECT_MAX_MS 30000 /* hives are a fleet, like workers: their returns are spread */
#define ORDERS_BURST_MS 20     /* a start takes milliseconds, and a roster has up to 1000 of them */

struct hive_driver {
    struct hive_conf *conf;
    int argc;
    char **argv;
    struct hive_conf *current; /* whose roster and [agent] count: `conf`, or, owned, what the last HUP brought */
    struct daemon_loop loop;
    struct agents *agents;
    struct gpu_watch *gpus;  /* NULL with --gpu off */
    struct state_dir *state; /* of the running agents, so that a restarted hive can adopt them; NULL: none is kept */
    struct hive *hive;
    char endpoint[HTTPD_URL_SIZE];
};

/* A heartbeat may follow a tick and a new link: it shows the host as it is then. */
static void step(void *user, const struct input *input, struct outbox *outbox)
{
    struct hive_driver *driver = user;
    struct hive_host host;
    if (input->kind == INPUT_TICK || input->kind == INPUT_LINK_UP) {
        host = host_facts_read();
        hive_set_host(driver->hive, &host);
    }
    hive_step(driver->hive, input, outbox);
}

static ms_t deadline(const void *user)
{
    return hive_deadline(((const struct hive_driver *)user)->hive);
}

static ms_t http(void *user, const struct http_request *request, ms_t now, ms_t wall, struct http_response *ret,
                 struct outbox *outbox)
{
    (void)outbox;
    hive_http(((struct hive_driver *)user)->hive, request, now, wall, ret);
    return 0;
}

/* What only a hive takes (hive.h), and what comes of it. */
static void take(struct hive_driver *driver, struct hive_input input)
{
    struct daemon *daemon = &driver->loop.daemon;
    struct outbox *outbox = daemon_enter(daemon);
    input.now = daemon->now;
    input.wall = daemon->wall;
    hive_take(driver->hive, &input, outbox);
    daemon_leave(daemon);
}

static uint64_t new_session(void)
{
    uint64_t session;
    do
        entropy_need(&session, sizeof session);
    while (session == 0);
    return session;
}

static void log_started(const char *worker, int64_t pid, const char *how)
{
    log_at(LOG_INFO, how, "worker", worker, "pid", INT_TEXT(pid), NULL);
}

static enum err launch(struct hive_driver *driver, const struct roster_entry *entry, struct arena *arena,
                       struct agent_record *ret, struct errbuf *e)
{
    const struct process *process = hive_process(driver->hive, entry->name);
    struct agent_key key;
    struct launch how;
    enum err err;
    ret->birth.session = new_session();
    if (launch_make(arena, &driver->current->launch, entry, ret->birth.session, &how) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = agents_start(driver->agents, entry->name, &how, entry->directory, &key, e)) != OK)
        return err;
    ret->birth.pid = key.pid;
    ret->started = key.started;
    ret->fingerprint = entry->fingerprint;
    ret->birth.wall = driver->loop.daemon.wall;
    ret->birth.restarts = process->restarts + process->was_started;
    return OK;
}

static void not_started(struct hive_driver *driver, enum hive_input_kind kind, const char *worker, const char *why)
{
    log_at(LOG_ERROR, "a worker is not started", "worker", worker, "why", why, NULL);
    take(driver, (struct hive_input){ .kind = kind, .worker = worker, .why = why });
}

static void start(struct hive_driver *driver, const char *worker)
{
    const struct roster_entry *entry = roster_find(&driver->current->roster, worker);
    struct agent_record born = { 0 };
    struct errbuf e = { 0 };
    struct arena arena = { 0 };
    enum err err = ERR_NOT_FOUND;
    if (entry)
        err = launch(driver, entry, &arena, &born, &e);
    arena_clear(&arena);
    if (err != OK) {
        not_started(driver, HIVE_NOT_STARTED, worker, e.text);
        return;
    }
    if (driver->state && state_dir_save(driver->state, worker, born, &e) != OK) {
        agents_abort(driver->agents, worker);
        not_started(driver, HIVE_NOT_RECORDED, worker, e.text);
        return;
    }
    agents_release(driver->agents, worker);
    log_started(worker, born.birth.pid, "worker started");
    take(driver, (struct hive_input){ .kind = HIVE_STARTED, .worker = worker, .birth = born.birth });
}

static void carry_out(struct hive_driver *driver, enum process_order order, const char *worker)
{
    if (order == PROCESS_KILL)
        log_at(LOG_WARNING, "worker does not end; killing it", "worker", worker, NULL);
    if (order == PROCESS_START)
        start(driver, worker);
    else
        agents_order(driver->agents, worker, order);
}

static bool carry_out_next(struct hive_driver *driver)
{
    struct hive_order order;
    char worker[NAME_SIZE]; /* a further step may end the one it is borrowed from */
    if (!hive_next_order(driver->hive, &order))
        return false;
    snprintf(worker, sizeof worker, "%s", order.worker);
    carry_out(driver, order.order, worker);
    return true;
}

/* For a while; false: more is left. */
static bool carry_out_orders(void *user)
{
    struct hive_driver *driver = user;
    ms_t until = clock_mono() + ORDERS_BURST_MS;
    while (carry_out_next(driver))
        if (clock_mono() >= until)
            return false;
    return true;
}

static void log_exited(const struct hive_driver *driver, const char *worker, const struct exit_status *exit_status)
{
    const struct process *process = hive_process(driver->hive, worker);
    if (!process)
        return;
    log_at(process->last.asked_for == 1 || process->last.code == 0 ? LOG_INFO : LOG_WARNING, "worker ended", "worker",
           worker, "code", exit_status ? INT_TEXT(exit_status_code(exit_status)) : "unknown", "signal",
           exit_status ? SIGNAL_NAME(exit_status->signal) : NULL, "state", witness_state_name((int)process->state),
           NULL);
}

static void on_exited(void *user, const char *worker, const struct exit_status *exit_status)
{
    struct hive_driver *driver = user;
    take(driver, (struct hive_input){ .kind = HIVE_EXITED, .worker = worker, .exit_status = exit_status });
    log_exited(driver, worker, exit_status);
}

static struct agent_record record_of_exit(const struct process *process, uint64_t fingerprint)
{
    const struct last_exit *last = &process->last;
    struct agent_record record = { .birth = { last->pid, process->session, process->started_at, process->restarts },
                                   .fingerprint = fingerprint,
                                   .is_over = true,
                                   .ended_at = last->at,
                                   .code = last->code == INT_ABSENT ? -1 : (int)last->code,
                                   .oom = last->oom };
    if (last->signal)
        snprintf(record.signal, sizeof record.signal, "%s", last->signal);
    return record;
}

/* Before another one takes its place. What cannot be written leaves the record of the agent, by which a successor sees
 * as well that it has ended. */
static void record_end(struct hive_driver *driver, const char *worker)
{
    const struct process *process = hive_process(driver->hive, worker);
    const struct roster_entry *entry = roster_find(&driver->current->roster, worker);
    struct errbuf e = { 0 };
    if (!process || !entry || !process_is_finished(process))
        state_dir_forget(driver->state, worker);
    else if (state_dir_save(driver->state, worker, record_of_exit(process, entry->fingerprint), &e) != OK)
        log_at(LOG_ERROR, "cannot record that a job has ended", "worker", worker, "why", e.text, NULL);
}

static void on_swept(void *user, const char *worker)
{
    struct hive_driver *driver = user;
    if (driver->state)
        record_end(driver, worker);
    take(driver, (struct hive_input){ .kind = HIVE_SWEPT, .worker = worker });
}

static void remember_end(struct hive_driver *driver, const char *worker, const struct agent_record *record)
{
    struct last_exit last = { .known = true,
                              .code = record->code < 0 ? INT_ABSENT : record->code,
                              .signal = record->signal[0] ? record->signal : NULL,
                              .oom = (int8_t)record->oom,
                              .session = record->birth.session,
                              .pid = record->birth.pid,
                              .at = record->ended_at };
    if (!roster_find(&driver->current->roster, worker)) {
        state_dir_forget(driver->state, worker);
        return;
    }
    log_at(LOG_INFO, "a job has ended before; it is not started again", "worker", worker, NULL);
    take(driver, (struct hive_input){ .kind = HIVE_FINISHED,
                                      .worker = worker,
                                      .birth = record->birth,
                                      .fingerprint = record->fingerprint,
                                      .last = &last });
}

/* One that is gone by now is told as one that ends now. */
static enum err adopt(struct hive_driver *driver, const char *worker, const struct agent_record *record,
                      struct errbuf *e)
{
    struct agent_key key = { record->birth.pid, record->started };
    enum err err = agents_adopt(driver->agents, worker, key, e);
    if (err != OK)
        return err;
    log_started(worker, record->birth.pid, "worker adopted");
    take(driver,
         (struct hive_input){
             .kind = HIVE_ADOPT, .worker = worker, .birth = record->birth, .fingerprint = record->fingerprint });
    return OK;
}

static enum err inherit(void *user, const char *worker, const struct agent_record *record, struct errbuf *e)
{
    struct hive_driver *driver = user;
    if (!record->is_over)
        return adopt(driver, worker, record, e);
    remember_end(driver, worker, record);
    return OK;
}

static void on_gpus(void *user, const struct gpu_report *report)
{
    take(user, (struct hive_input){ .kind = HIVE_GPUS, .gpus = report });
}

static enum err watch_gpus(struct hive_driver *driver, struct errbuf *e)
{
    static char name[] = GPU_READER_NAME;
    static char *const arguments[] = { name, NULL };
    struct gpu_watch_options options = { .file = "/proc/self/exe",
                                         .arguments = arguments,
                                         .interval = HIVE_INTERVAL_MS,
                                         .report = on_gpus,
                                         .user = driver };
    if (strcmp(driver->conf->gpu, "off") != 0 && gpu_watch_new(driver->loop.loop, &options, &driver->gpus) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    return OK;
}

/* `fresh` is taken. */
static void replace_conf(struct hive_driver *driver, struct hive_conf *fresh)
{
    if (driver->current != driver->conf) {
        hive_conf_clear(driver->current);
        free(driver->current);
    }
    driver->current = fresh;
}

static void serve_roster(struct hive_driver *driver)
{
    take(driver, (struct hive_input){ .kind = HIVE_ROSTER, .roster = &driver->current->roster });
}

static enum err reload(void *user, struct errbuf *e)
{
    struct hive_driver *driver = user;
    struct hive_conf *fresh = malloc(sizeof *fresh);
    enum err err;
    if (!fresh)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = hive_conf_reread(driver->conf, driver->argc, driver->argv, fresh, e)) != OK) {
        hive_conf_clear(fresh);
        free(fresh);
        return err;
    }
    replace_conf(driver, fresh);
    serve_roster(driver);
    return OK;
}

static const struct daemon_ops ops = {
    .step = step,
    .deadline = deadline,
    .http = http,
    .work = carry_out_orders,
    .reload = reload,
};

static enum err make_core(struct hive_driver *driver, struct errbuf *e)
{
    struct hive_options options = { .root = driver->conf->common.root,
                                    .id = driver->conf->id,
                                    .host = driver->conf->host,
                                    .version = SKEP_VERSION,
                                    .endpoint = driver->endpoint,
                                    .pid = (uint32_t)getpid(),
                                    .keep_alive = KEEP_ALIVE_MS };
    httpd_url(driver->loop.httpd, driver->conf->http, driver->conf->host, driver->endpoint);
    entropy_need(&options.session, sizeof options.session);
    entropy_need(&options.secret, sizeof options.secret);
    keyed_hash_seed(siphash_derive(&options.secret, "hash tables"));
    if (hive_new(&options, driver->loop.daemon.now, driver->loop.daemon.wall, &driver->hive) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    return OK;
}

static enum err make(struct hive_driver *driver, struct errbuf *e)
{
    const struct hive_conf *conf = driver->conf;
    struct httpd_options options = { .address = conf->http,
                                     .body_limit = HTTP_BODY_MAX,
                                     .connections = HTTPD_HIVE_CONNECTIONS,
                                     .connections_per_peer = HTTPD_HIVE_CONNECTIONS_PER_PEER,
                                     .loopback_spare = HTTPD_LOOPBACK_SPARE,
                                     .local_names_only = true,
                                     .more_names = conf->http_host };
    static const struct agents_events events = { on_exited, on_swept };
    char address[ADDRESS_SIZE];
    enum err err;
    address_of(conf->id, NULL, NULL, address);
    if ((err = daemon_loop_init(&driver->loop, &ops, driver, e)) != OK ||
        (err = agents_new(driver->loop.loop, &events, driver, &driver->agents, e)) != OK ||
        (conf->state_dir && (err = state_dir_open(conf->state_dir, &driver->state, e)) != OK) ||
        (err = daemon_loop_listen(&driver->loop, &options, (unsigned)conf->roster.count, e)) != OK ||
        (err = make_core(driver, e)) != OK ||
        (err = daemon_loop_connect(&driver->loop, &conf->common, address, KEEP_ALIVE_MS, RECONNECT_MAX_MS, e)) != OK)
        return err;
    if ((driver->state && (err = state_dir_read(driver->state, inherit, driver, e)) != OK) ||
        (err = watch_gpus(driver, e)) != OK)
        return err;
    if (e->text[0])
        log_at(LOG_WARNING, "the state directory was open to its group, and is no more", "what", e->text, NULL);
    return OK;
}

static void unmake(struct hive_driver *driver)
{
    gpu_watch_free(driver->gpus);
    agents_free(driver->agents);
    state_dir_free(driver->state);
    daemon_loop_clear(&driver->loop);
    hive_free(driver->hive);
    replace_conf(driver, driver->conf);
}

static int run(struct hive_driver *driver)
{
    const struct hive_conf *conf = driver->conf;
    if (conf->roster.count == 0)
        log_at(LOG_WARNING, HIVE_CONF_NO_WORKERS, "config", conf->common.config, NULL);
    if (!conf->state_dir)
        log_at(LOG_WARNING, "without --state-dir the next hive does not know these workers if this one is killed",
               NULL);
    log_at(LOG_INFO, "started", "id", conf->id, "http", conf->http, "port", INT_TEXT(httpd_port(driver->loop.httpd)),
           "workers", INT_TEXT(conf->roster.count), NULL);
    serve_roster(driver);
    return daemon_loop_run(&driver->loop);
}

int hive_driver_run(struct hive_conf *conf, int argc, char **argv)
{
    struct hive_driver driver = { .conf = conf, .current = conf, .argc = argc, .argv = argv };
    struct errbuf e = { 0 };
    enum err err;
    int code;
    if ((err = make(&driver, &e)) == OK) {
        code = run(&driver);
    } else {
        log_at(LOG_ERROR, e.text[0] ? e.text : err_name(err), NULL);
        code = err == ERR_CONFLICT ? EXIT_REFUSED : EXIT_FAILED;
    }
    unmake(&driver);
    return code;
}
