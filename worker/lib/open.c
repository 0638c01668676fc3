#include "open.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "entropy.h"
#include "topic.h"

#define BROKER_DEFAULT "mqtt://127.0.0.1:1883"
#define HIVE_DEFAULT "default"
#define INTERVAL_DEFAULT 30000
#define KEEP_ALIVE_DEFAULT 10
#define KEEP_ALIVE_MIN 5 /* libmosquitto's own limit */
#define RETAIN_DEFAULT 86400
#define RECEIVE_MAX (64 * 1024) /* bytes; a larger request would be refused anyway */
#define RECONNECT_MAX_DEFAULT 30000

void sentence_copy(const struct errbuf *e, char *ret, size_t size)
{
    if (ret && size > 0)
        snprintf(ret, size, "%s", e->text);
}

static const char *or_default(const char *text, const char *fallback)
{
    return text ? text : fallback;
}

static uint32_t number_or_default(uint32_t number, uint32_t fallback)
{
    return number ? number : fallback;
}

static enum err options_check(const struct skep_worker_options *options, struct errbuf *e)
{
    uint32_t interval = number_or_default(options->interval_ms, INTERVAL_DEFAULT);
    enum err err = name_check(text_of(options->worker), "worker", e);
    if (err == OK)
        err = name_check(text_of(or_default(options->hive, HIVE_DEFAULT)), "hive", e);
    if (err == OK)
        err = topic_root_check(text_of(or_default(options->root, TOPIC_ROOT_DEFAULT)), e);
    if (err != OK)
        return err;
    if (interval < MSG_INTERVAL_MIN || interval > MSG_INTERVAL_MAX)
        return err_set(e, ERR_RANGE, "interval_ms %u: must be %d to %d", interval, MSG_INTERVAL_MIN, MSG_INTERVAL_MAX);
    if (options->lease_ms && options->lease_ms < 3 * (uint64_t)interval)
        return err_set(e, ERR_RANGE, "lease_ms %u: must be 3 intervals or more", options->lease_ms);
    if (options->keep_alive_s && (options->keep_alive_s < KEEP_ALIVE_MIN || options->keep_alive_s > 65535))
        return err_set(e, ERR_RANGE, "keep_alive_s %u: must be %d to 65535", options->keep_alive_s, KEEP_ALIVE_MIN);
    return OK;
}

static enum err driver_make(struct skep_worker *worker, const struct skep_worker_options *options, struct errbuf *e)
{
    char address[ADDRESS_SIZE], client_id[CLIENT_ID_SIZE];
    struct mqtt_options mqtt = {
        .login = { or_default(options->broker, BROKER_DEFAULT), options->username, options->password_file,
                   options->cafile, options->cert, options->key },
        .client_id = client_id,
        .keep_alive_s = (int)number_or_default(options->keep_alive_s, KEEP_ALIVE_DEFAULT),
        .receive_max = RECEIVE_MAX,
    };
    uint32_t random;
    enum err err;
    if (entropy_read(&random, sizeof random) != OK)
        return err_set(e, ERR_IO, "the kernel gives no random numbers");
    address_worker(or_default(options->hive, HIVE_DEFAULT), options->worker, address);
    client_id_of(or_default(options->root, TOPIC_ROOT_DEFAULT), address, random, client_id);
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
    err = facts_set_text(facts, "status", text_of(or_default(options->status, "starting")), e);
    if (err == OK)
        err = facts_set_text(facts, "version", text_of(options->version), e);
    if (err == OK)
        err = facts_set_text(facts, "endpoint", text_of(options->endpoint), e);
    return err;
}

static enum err core_make(struct skep_worker *worker, const struct skep_worker_options *options, struct errbuf *e)
{
    uint32_t interval = number_or_default(options->interval_ms, INTERVAL_DEFAULT);
    struct worker_options core = {
        .root = or_default(options->root, TOPIC_ROOT_DEFAULT),
        .hive = or_default(options->hive, HIVE_DEFAULT),
        .worker = options->worker,
        .session = options->session,
        .interval = interval,
        .lease = options->lease_ms,
        .reconnect_max = number_or_default(options->reconnect_max_ms, RECONNECT_MAX_DEFAULT),
        .retain_s = number_or_default(options->retain_s, RETAIN_DEFAULT),
    };
    if (entropy_read(&core.seed, sizeof core.seed) != OK ||
        (core.session == 0 && entropy_read(&core.session, sizeof core.session) != OK))
        return err_set(e, ERR_IO, "the kernel gives no random numbers");
    hex64_to_text(core.session, worker->session);
    return worker_new(&core, &worker->box.facts, &worker->core);
}

static void *thread_main(void *object)
{
    struct skep_worker *worker = object;
    driver_run(&worker->driver);
    return NULL;
}

/* Signals are the program's business, so all are blocked here; SIGPIPE with them, which writing to a closed socket
 * would raise. */
static enum err thread_start(struct skep_worker *worker)
{
    sigset_t all, before;
    int rc;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&worker->thread, NULL, thread_main, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? OK : ERR_IO;
}

static enum err worker_make(struct skep_worker *worker, const struct skep_worker_options *options, struct errbuf *e)
{
    enum err err = facts_fill(&worker->box.facts, options, e);
    if (err == OK)
        err = core_make(worker, options, e);
    if (err == OK)
        err = driver_make(worker, options, e);
    if (err != OK)
        return err;
    err = thread_start(worker);
    return err == OK ? OK : err_set(e, err, "the worker's thread could not be started");
}

void skep_worker_free(struct skep_worker *worker)
{
    driver_clear(&worker->driver);
    worker_free(worker->core);
    mailbox_clear(&worker->box);
    free(worker);
}

static enum skep_result refuse(enum err err, struct errbuf *e, char *error, size_t error_size)
{
    if (!e->text[0])
        err_set(e, err, "out of memory");
    sentence_copy(e, error, error_size);
    switch (err) {
    case ERR_NOMEM:
        return SKEP_NOMEM;
    case ERR_IO:
        return SKEP_FAILED;
    default:
        return SKEP_INVALID;
    }
}

enum skep_result skep_worker_open(const struct skep_worker_options *options, struct skep_worker **ret, char *error,
                                  size_t error_size)
{
    struct errbuf e = { 0 };
    struct skep_worker *worker;
    enum err err;
    if (!options || !ret || options->size < sizeof *options)
        return refuse(err_set(&e, ERR_RANGE, "options: initialise with SKEP_WORKER_OPTIONS_INIT"), &e, error,
                      error_size);
    err = options_check(options, &e);
    if (err != OK)
        return refuse(err, &e, error, error_size);
    worker = calloc(1, sizeof *worker);
    if (!worker || mailbox_init(&worker->box) != OK) {
        free(worker);
        return refuse(worker ? err_set(&e, ERR_IO, "out of file descriptors") : ERR_NOMEM, &e, error, error_size);
    }
    err = worker_make(worker, options, &e);
    if (err != OK) {
        skep_worker_free(worker);
        return refuse(err, &e, error, error_size);
    }
    *ret = worker;
    return SKEP_OK;
}
