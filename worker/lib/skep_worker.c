/* skep_worker.c - the public functions: check arguments, leave the values with the library's thread. */
#include "skep/worker.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "open.h"

/* The end of a setter: `err` is what became of it between mailbox_open and here. */
static enum skep_result set(struct skep_worker *worker, enum err err, bool urgent)
{
    mailbox_close(&worker->box, err == OK, urgent);
    if (err == OK)
        return SKEP_OK;
    return err == ERR_NOMEM ? SKEP_NOMEM : SKEP_INVALID;
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
    mailbox_found(&worker->box, work, inquiry.upto);
    return 0;
}

int skep_worker_serve_fd(const struct skep_worker *worker)
{
    return worker->box.serve_fd;
}

void skep_worker_on_verify(struct skep_worker *worker, enum skep_work (*verify)(void *user, uint32_t left_ms),
                           void *user)
{
    mailbox_on_verify(&worker->box, verify, user);
}

int skep_worker_health(struct skep_worker *worker, char *ret, size_t size)
{
    struct buf json = BUF_INIT;
    struct worker_view view;
    struct facts facts;
    int status;
    mailbox_look(&worker->box, &facts, &view);
    status = worker_health(&view, &facts, clock_mono(), &json);
    if (!ret || !buf_ok(&json) || json.len >= size)
        status = 0;
    else
        memcpy(ret, buf_str(&json), json.len + 1);
    buf_clear(&json);
    return status;
}

void skep_worker_beat(struct skep_worker *worker)
{
    mailbox_beat(&worker->box);
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
    struct exit_info info;
    exit_info_init(&info);
    if (!exit)
        return info;
    info.known = true;
    info.code = exit->code >= 0 && exit->code <= 255 ? exit->code : INT_ABSENT;
    info.signal = exit->signal;
    info.oom = exit->oom < 0 ? -1 : exit->oom != 0;
    return info;
}

/* Joining is bounded: the core ends within the given time, and nothing on the thread blocks. */
enum skep_result skep_worker_close(struct skep_worker *worker, const struct skep_worker_exit *exit, uint32_t timeout_ms)
{
    struct exit_info info = exit_info_of(exit);
    enum skep_result result;
    if (!worker)
        return SKEP_OK;
    mailbox_leave(&worker->box, &info, timeout_ms);
    pthread_join(worker->thread, NULL);
    result = worker->driver.code == 0 ? SKEP_OK : SKEP_TIMEOUT;
    skep_worker_free(worker);
    return result;
}
