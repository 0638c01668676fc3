/* skep_worker.c - the public functions: make the worker and its thread, check arguments, leave the values with it. */
#include "skep/worker.h"

#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "driver.h"
#include "entropy.h"
#include "topic.h"

#define BROKER_DEFAULT "mqtt://127.0.0.1:1883"
#define HIVE_DEFAULT "default"
#define INTERVAL_DEFAULT 30000
#define KEEP_ALIVE_DEFAULT 10
#define KEEP_ALIVE_MIN 5 /* libmosquitto's own limit */
#define RETAIN_DEFAULT 86400
#define RECONNECT_MAX_DEFAULT 30000

struct skep_worker {
    struct mailbox box;
    struct driver driver;
    struct worker *core;
    pthread_t thread;
    char session[HEX64_SIZE];
};

static enum err options_check(const struct skep_worker_options *options, struct errbuf *e)
{
    uint32_t interval = options->interval_ms;
    enum err err;
    if ((err = name_check(text_of(options->worker), "worker", e)) != OK ||
        (err = name_check(text_of(options->hive), "hive", e)) != OK ||
        (err = topic_root_check(text_of(options->root), e)) != OK)
        return err;
    if (interval < MSG_INTERVAL_MIN || interval > MSG_INTERVAL_MAX)
        return err_set(e, ERR_RANGE, "interval_ms %u: must be %d to %d", interval, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX);
    if (options->lease_ms && options->lease_ms < 3 * (uint64_t)interval)
        return err_set(e, ERR_RANGE, "lease_ms %u: must be 3 intervals or more", options->lease_ms);
    if (options->keep_alive_s < KEEP_ALIVE_MIN || options->keep_alive_s > 65535)
        return err_set(e, ERR_RANGE, "keep_alive_s %u: must be %d to 65535", options->keep_alive_s, KEEP_ALIVE_MIN);
    return OK;
}

static enum err driver_make(struct skep_worker *worker, const struct skep_worker_options *options, uint64_t id,
                            struct errbuf *e)
{
    char address[ADDRESS_SIZE], client_id[CLIENT_ID_SIZE];
    struct mqtt_options mqtt = {
        .login = { options->broker, options->username, options->password_file, options->cafile, options->cert,
                   options->key },
        .client_id = client_id,
        .keep_alive_s = (int)options->keep_alive_s,
    };
    enum err err;
    address_of(options->hive, options->worker, NULL, address);
    client_id_of(options->root, address, id, client_id);
    if ((err = driver_init(&worker->driver, &worker->box, worker->core, &mqtt, e)) != OK)
        return err;
    worker->driver.log = options->log;
    worker->driver.log_user = options->user;
    return OK;
}

static enum err facts_fill(struct facts *facts, const struct skep_worker_options *options, struct errbuf *e)
{
    char host[256] = "";
    enum err err;
    gethostname(host, sizeof host - 1); /* only shown: nothing if it fails */
    facts_set_text(facts, "host", text_of(host), NULL);
    facts->pid = options->pid ? options->pid : (uint32_t)getpid();
    if ((err = facts_set_text(facts, "status", text_of(options->status), e)) != OK ||
        (err = facts_set_text(facts, "version", text_of(options->version), e)) != OK)
        return err;
    return facts_set_text(facts, "endpoint", text_of(options->endpoint), e);
}

static enum err core_make(struct skep_worker *worker, struct skep_worker_options *options, struct errbuf *e)
{
    struct {
        uint64_t session, seed, id;
    } random;
    enum err err;
    if (entropy_read(&random, sizeof random) != OK)
        return err_set(e, ERR_IO, "the kernel gives no random numbers");
    if (options->session == 0)
        options->session = random.session;
    hex64_to_text(options->session, worker->session);
    if ((err = worker_new(options, random.seed, &worker->box.facts, &worker->core)) != OK)
        return err;
    return driver_make(worker, options, random.id, e);
}

static void *thread_main(void *object)
{
    struct skep_worker *worker = object;
    driver_run(&worker->driver);
    return NULL;
}

/* Signals are the program's business, so all are blocked here; SIGPIPE with them, which writing to a closed socket
 * would raise. */
static enum err thread_start(struct skep_worker *worker, struct errbuf *e)
{
    sigset_t all, before;
    int rc;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&worker->thread, NULL, thread_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? OK : err_set(e, ERR_IO, "the worker's thread could not be started");
}

/* After the thread has ended. */
static void worker_clear(struct skep_worker *worker)
{
    driver_clear(&worker->driver);
    worker_free(worker->core);
    mailbox_clear(&worker->box);
    free(worker);
}

static enum err worker_make(struct skep_worker_options *options, struct skep_worker **ret, struct errbuf *e)
{
    struct skep_worker *worker;
    enum err err;
    if ((err = options_check(options, e)) != OK)
        return err;
    if (!(worker = calloc(1, sizeof *worker)))
        return ERR_NOMEM;
    if (mailbox_init(&worker->box) != OK) {
        free(worker);
        return err_set(e, ERR_IO, "out of file descriptors");
    }
    if ((err = facts_fill(&worker->box.facts, options, e)) != OK || (err = core_make(worker, options, e)) != OK ||
        (err = thread_start(worker, e)) != OK) {
        worker_clear(worker);
        return err;
    }
    *ret = worker;
    return OK;
}

static struct skep_worker_options with_defaults(struct skep_worker_options options)
{
    options.broker = options.broker ? options.broker : BROKER_DEFAULT;
    options.root = options.root ? options.root : TOPIC_ROOT_DEFAULT;
    options.hive = options.hive ? options.hive : HIVE_DEFAULT;
    options.status = options.status ? options.status : "starting";
    options.interval_ms = options.interval_ms ? options.interval_ms : INTERVAL_DEFAULT;
    options.keep_alive_s = options.keep_alive_s ? options.keep_alive_s : KEEP_ALIVE_DEFAULT;
    options.retain_s = options.retain_s ? options.retain_s : RETAIN_DEFAULT;
    options.reconnect_max_ms = options.reconnect_max_ms ? options.reconnect_max_ms : RECONNECT_MAX_DEFAULT;
    return options;
}

static enum skep_result result_of(enum err err)
{
    if (err == OK)
        return SKEP_OK;
    if (err == ERR_NOMEM)
        return SKEP_NOMEM;
    return err == ERR_IO ? SKEP_FAILED : SKEP_INVALID;
}

/* The sentence, cut to fit; NULL `ret` is fine. */
static void sentence_copy(const struct errbuf *e, char *ret, size_t size)
{
    if (ret && size > 0)
        snprintf(ret, size, "%s", e->text);
}

enum skep_result skep_worker_open(const struct skep_worker_options *options, struct skep_worker **ret, char *error,
                                  size_t error_size)
{
    struct errbuf e = { .text = "out of memory" };
    struct skep_worker_options filled;
    enum err err;
    if (!options || !ret || options->size < sizeof *options) {
        err = err_set(&e, ERR_RANGE, "options: initialise with SKEP_WORKER_OPTIONS_INIT");
    } else {
        filled = with_defaults(*options);
        err = worker_make(&filled, ret, &e);
    }
    if (err != OK)
        sentence_copy(&e, error, error_size);
    return result_of(err);
}

/* The end of a setter: `err` is what became of it between mailbox_open and here. */
static enum skep_result set(struct skep_worker *worker, enum err err, bool urgent)
{
    mailbox_close(&worker->box, err == OK, urgent && err == OK);
    return result_of(err);
}

enum skep_result skep_worker_set_status(struct skep_worker *worker, const char *status)
{
    return set(worker, facts_set_text(mailbox_open(&worker->box), "status", text_of(status), NULL), true);
}

enum skep_result skep_worker_set_model(struct skep_worker *worker, const char *model)
{
    return set(worker, facts_set_text(mailbox_open(&worker->box), "model_loaded", text_of(model), NULL), true);
}

/* What can bring a deadline forward must be known at once; the rest waits for the next heartbeat. */
static bool moves_deadline(const char *field)
{
    return strcmp(field, "inflight") == 0 || strcmp(field, "stall_ms") == 0;
}

enum skep_result skep_worker_set_number(struct skep_worker *worker, const char *field, double value)
{
    ms_t now = clock_mono();
    if (!field)
        return SKEP_INVALID;
    return set(worker, facts_set_number(mailbox_open(&worker->box), field, value, now, NULL), moves_deadline(field));
}

enum skep_result skep_worker_set_metric(struct skep_worker *worker, const char *name, double value)
{
    return set(worker, facts_set_metric(mailbox_open(&worker->box), text_of(name), value, NULL), false);
}

enum skep_result skep_worker_set_label(struct skep_worker *worker, const char *name, const char *value)
{
    return set(worker, facts_set_label(mailbox_open(&worker->box), text_of(name), text_of(value), NULL), false);
}

enum skep_result skep_worker_merge(struct skep_worker *worker, const char *json, size_t len, char *error,
                                   size_t error_size)
{
    struct errbuf e = { 0 };
    ms_t now = clock_mono();
    enum skep_result result;
    if (!json)
        return SKEP_INVALID;
    result = set(worker, facts_merge(mailbox_open(&worker->box), (struct text){ json, len }, now, &e), true);
    sentence_copy(&e, error, error_size);
    return result;
}

void skep_worker_progress(struct skep_worker *worker)
{
    facts_progress(mailbox_open(&worker->box), clock_mono());
    mailbox_close(&worker->box, true, false);
}

void skep_worker_set_stalled(struct skep_worker *worker, int stalled)
{
    facts_set_stalled(mailbox_open(&worker->box), stalled != 0, clock_mono());
    mailbox_close(&worker->box, true, true);
}

void skep_worker_set_feed_lost(struct skep_worker *worker, int lost)
{
    mailbox_open(&worker->box)->feed_lost = lost != 0;
    mailbox_close(&worker->box, true, true);
}

enum skep_work skep_worker_reported_work(struct skep_worker *worker)
{
    const struct facts *facts = mailbox_open(&worker->box);
    bool is_stalled = facts_is_stalled(facts, clock_mono());
    bool is_watched = facts_inflight(facts) > 0 && facts_progress_count(facts) != INT_ABSENT;
    mailbox_close(&worker->box, false, false);
    if (is_stalled)
        return SKEP_WORK_STALLED;
    return is_watched ? SKEP_WORK_LATER : SKEP_WORK_UNKNOWN;
}

int skep_worker_serve(struct skep_worker *worker)
{
    enum skep_work work = SKEP_WORK_OK;
    struct inquiry inquiry;
    if (!mailbox_inquiry(&worker->box, &inquiry))
        return 0;
    if (inquiry.verify)
        work = inquiry.verify(inquiry.user, (uint32_t)ms_max(0, inquiry.answer_by - clock_mono()));
    if (work == SKEP_WORK_LATER)
        return 1;
    mailbox_found(&worker->box, work, inquiry.up_to_id);
    return 0;
}

int skep_worker_serve_fd(const struct skep_worker *worker)
{
    return worker->box.serve_fd;
}

void skep_worker_on_verify(struct skep_worker *worker, enum skep_work (*verify)(void *user, uint32_t left_ms),
                           void *user)
{
    mailbox_open(&worker->box);
    worker->box.verify = verify;
    worker->box.verify_user = user;
    mailbox_close(&worker->box, false, false);
}

int skep_worker_health(struct skep_worker *worker, char *ret, size_t size)
{
    auto_clear(buf) json = BUF_INIT;
    struct worker_view view;
    struct facts facts;
    int status;
    facts = *mailbox_open(&worker->box);
    view = worker->box.view;
    mailbox_close(&worker->box, false, false);
    status = worker_health(&view, &facts, clock_mono(), &json);
    if (!ret || !buf_ok(&json) || json.len >= size)
        status = 0;
    else
        memcpy(ret, buf_str(&json), json.len + 1);
    return status;
}

void skep_worker_beat(struct skep_worker *worker)
{
    mailbox_open(&worker->box);
    worker->box.mail.beat = true;
    mailbox_close(&worker->box, false, true);
}

int skep_worker_is_online(const struct skep_worker *worker)
{
    return atomic_load(&worker->driver.online);
}

const char *skep_worker_session(const struct skep_worker *worker)
{
    return worker->session;
}

static struct exit_info exit_info_of(const struct skep_worker_exit *exit)
{
    return (struct exit_info){ .known = true,
                               .code = exit->code >= 0 && exit->code <= 255 ? exit->code : INT_ABSENT,
                               .signal = exit->signal,
                               .oom = exit->oom < 0 ? -1 : exit->oom != 0 };
}

/* Joining is bounded: the core ends within the given time, and nothing on the thread blocks. */
enum skep_result skep_worker_close(struct skep_worker *worker, const struct skep_worker_exit *exit, uint32_t timeout_ms)
{
    struct exit_info info;
    enum skep_result result;
    if (!worker)
        return SKEP_OK;
    if (exit)
        info = exit_info_of(exit);
    mailbox_open(&worker->box);
    worker->box.mail.leave = true;
    worker->box.mail.exit = exit ? &info : NULL;
    worker->box.mail.timeout = timeout_ms;
    mailbox_close(&worker->box, false, true);
    pthread_join(worker->thread, NULL);
    result = worker->driver.code == 0 ? SKEP_OK : SKEP_TIMEOUT;
    worker_clear(worker);
    return result;
}
