#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

#include "hive_link.h"
#include "hive_publish.h"
#include "hive_state.h"

#define MESSAGE_ARENA_LIMIT (1024 * 1024)
#define CLAIM_WAIT_MS 2000 /* after which workers start, also while nobody knows yet who holds the id */

enum err hive_new(const struct hive_options *options, ms_t now, ms_t wall, struct hive **ret)
{
    auto_free(hive) hive = calloc(1, sizeof *hive);
    enum err err;
    if (!hive)
        return ERR_NOMEM;
    hive->options = *options;
    hive->now = now;
    hive->wall = wall;
    hive->status = HIVE_STARTING;
    hive->host = (struct hive_host){ NAN, INT_ABSENT, INT_ABSENT, INT_ABSENT };
    hive->beat_at = hive->verdict_beat_at = hive->stop_at = MS_NEVER;
    hive->may_start_at = now + CLAIM_WAIT_MS;
    hive->rng.state = options->session;
    hive->arena.limit = MESSAGE_ARENA_LIMIT;
    if ((err = hive_link_init(hive)) != OK)
        return err;
    *ret = HAND_OVER(hive);
    return OK;
}

void hive_free(struct hive *hive)
{
    struct hive_worker *worker, *after;
    if (!hive)
        return;
    DL_FOREACH_SAFE(hive->workers, worker, after)
    {
        free(worker);
    }
    member_clear(&hive->member);
    arena_clear(&hive->arena);
    arena_clear(&hive->gpu_texts);
    buf_clear(&hive->scratch);
    free(hive);
}

struct hive_worker *hive_find(const struct hive *hive, const char *name)
{
    WORKERS_EACH(worker, hive)
    {
        if (strcmp(worker->name, name) == 0)
            return worker;
    }
    return NULL;
}

const struct process *hive_process(const struct hive *hive, const char *name)
{
    const struct hive_worker *worker = hive_find(hive, name);
    return worker ? &worker->process : NULL;
}

static int by_name(const struct hive_worker *a, const struct hive_worker *b)
{
    return strcmp(a->name, b->name);
}

/* NULL: out of memory, and the outbox has failed. */
static struct hive_worker *add_worker(struct hive *hive, const char *name, enum restart_policy policy)
{
    struct hive_worker *worker = calloc(1, sizeof *worker);
    if (!worker) {
        hive->out->failed = true;
        return NULL;
    }
    snprintf(worker->name, sizeof worker->name, "%s", name);
    process_init(&worker->process, policy);
    DL_INSERT_INORDER(hive->workers, worker, by_name);
    return worker;
}

/* Of a predecessor: it runs, or its job has ended. */
static void inherit(struct hive *hive, const struct hive_input *input)
{
    struct hive_worker *worker = hive_find(hive, input->worker);
    if (!worker)
        worker = add_worker(hive, input->worker, RESTART_ALWAYS);
    if (!worker || !process_is_over(&worker->process))
        return;
    worker->fingerprint = input->fingerprint;
    if (input->kind == HIVE_ADOPT)
        process_adopt(&worker->process, &input->birth, hive->now);
    else
        process_finished(&worker->process, &input->birth, input->last, hive->now);
}

/* A worker that people have stopped stays stopped; its next start is by the new definition. */
static void redefine(struct hive *hive, struct hive_worker *worker, const struct roster_entry *entry)
{
    bool was_listed = worker->listed, differs = worker->fingerprint != entry->fingerprint;
    worker->listed = true;
    worker->process.policy = entry->restart;
    if (differs && (!was_listed || worker->process.wanted))
        process_restart(&worker->process, hive->now);
    else if (!was_listed && !process_is_finished(&worker->process))
        process_start(&worker->process);
    worker->fingerprint = entry->fingerprint;
}

static void take_entry(struct hive *hive, const struct roster_entry *entry)
{
    struct hive_worker *worker = hive_find(hive, entry->name);
    if (!worker)
        worker = add_worker(hive, entry->name, entry->restart);
    if (worker)
        redefine(hive, worker, entry);
}

static void take_roster(struct hive *hive, const struct roster *roster)
{
    if (hive->status == HIVE_STOPPING)
        return;
    for (size_t i = 0; i < roster->count; i++)
        take_entry(hive, &roster->entries[i]);
    WORKERS_EACH(worker, hive)
    {
        worker->listed = roster_find(roster, worker->name) != NULL;
        if (!worker->listed)
            process_stop(&worker->process, hive->now);
    }
    hive->status = HIVE_READY;
}

/* Workers that are no longer listed go when their process is over. */
static void remove_unlisted(struct hive *hive)
{
    struct hive_worker *worker, *after;
    DL_FOREACH_SAFE(hive->workers, worker, after)
    {
        if (worker->listed || !process_is_over(&worker->process))
            continue;
        DL_DELETE(hive->workers, worker);
        publish_removed(hive, text_of(worker->name));
        free(worker);
    }
}

void hive_stop(struct hive *hive)
{
    if (hive->status == HIVE_STOPPING)
        return;
    hive->status = HIVE_STOPPING;
    hive->stop_at = hive->now + HIVE_STOP_LIMIT_MS;
    publish_heartbeat(hive);
    WORKERS_EACH(worker, hive)
    {
        process_stop(&worker->process, hive->now);
    }
}

static bool all_over(const struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        if (!process_is_over(&worker->process))
            return false;
    }
    return true;
}

/* Leaves when nothing is left to be ended, or the time for it is over. */
static void stop_further(struct hive *hive)
{
    if (hive->stop_at == MS_NEVER)
        return;
    hive->is_unclean = !all_over(hive);
    if (hive->is_unclean && hive->stop_at > hive->now)
        return;
    hive->stop_at = MS_NEVER;
    publish_changes(hive); /* the goodbye comes last */
    hive_link_goodbye(hive);
}

static void tick(struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        process_tick(&worker->process, hive->now);
    }
}

/* One that memory does not suffice for is absent. */
static const char *keep_text(struct arena *arena, const char *text)
{
    return text ? arena_copy(arena, text_of(text)) : NULL;
}

static void keep_gpus(struct hive *hive, const struct gpu_list *gpus)
{
    arena_reset(&hive->gpu_texts);
    hive->gpus = *gpus;
    for (size_t i = 0; i < gpus->count; i++) {
        struct gpu *gpu = &hive->gpus.at[i];
        gpu->uuid = keep_text(&hive->gpu_texts, gpu->uuid);
        gpu->name = keep_text(&hive->gpu_texts, gpu->name);
    }
}

/* A process of a worker is below its agent. */
static void take_gpus(struct hive *hive, const struct gpu_report *report)
{
    static const struct gpu_list none;
    keep_gpus(hive, report ? &report->gpus : &none);
    WORKERS_EACH(worker, hive)
    {
        struct process *process = &worker->process;
        bool is_known = report && process->pid != INT_ABSENT;
        process_set_gpus(process, is_known ? gpu_report_uses(report, process->pid) : (struct index_set){ 0 });
    }
}

static void process_input(struct hive *hive, const struct hive_input *input)
{
    struct hive_worker *worker = hive_find(hive, input->worker);
    if (!worker)
        return;
    if (input->kind == HIVE_STARTED)
        process_started(&worker->process, &input->birth, hive->now);
    else if (input->kind == HIVE_NOT_STARTED)
        process_not_started(&worker->process, input->why, hive->now);
    else if (input->kind == HIVE_NOT_RECORDED)
        process_not_recorded(&worker->process, input->why, hive->now);
    else if (input->kind == HIVE_EXITED)
        process_exited(&worker->process, input->exit_status, hive->now, hive->wall);
    else
        process_swept(&worker->process, hive->now);
}

/* False: another hive holds the id. */
static bool handle(struct hive *hive, const struct input *input)
{
    switch (input->kind) {
    case INPUT_MESSAGE:
        return hive_link_receive(hive, input);
    case INPUT_STOP:
        hive_stop(hive);
        return true;
    case INPUT_TICK:
        tick(hive);
        return hive_link_step(hive, input);
    default:
        return hive_link_step(hive, input);
    }
}

/* A transition that is not in the table is a fault of the program: it did not happen, and is not passed over. */
static void note_refused(struct hive *hive)
{
    WORKERS_EACH(worker, hive)
    {
        struct process *process = &worker->process;
        if (process->refused < 0)
            continue;
        hive->refused_transitions++;
        outbox_notice(hive->out, "refused an illegal transition of %s: %s -> %s", worker->name,
                      witness_state_name(process->state), witness_state_name(process->refused));
        process->refused = -1;
    }
}

static void enter(struct hive *hive, ms_t now, ms_t wall, struct outbox *outbox)
{
    hive->now = now;
    hive->wall = wall;
    hive->out = outbox;
}

static void leave(struct hive *hive)
{
    note_refused(hive);
    if (hive->status != HIVE_STARTING)
        remove_unlisted(hive);
    stop_further(hive);
    publish_changes(hive);
    arena_reset(&hive->arena);
    hive->out = NULL;
}

void hive_step(struct hive *hive, const struct input *input, struct outbox *outbox)
{
    enter(hive, input->now, input->wall, outbox);
    if (!handle(hive, input)) /* its workers carry the same ids */
        hive_stop(hive);
    leave(hive);
}

void hive_take(struct hive *hive, const struct hive_input *input, struct outbox *outbox)
{
    enter(hive, input->now, input->wall, outbox);
    if (input->kind == HIVE_ROSTER)
        take_roster(hive, input->roster);
    else if (input->kind == HIVE_ADOPT || input->kind == HIVE_FINISHED)
        inherit(hive, input);
    else if (input->kind == HIVE_GPUS)
        take_gpus(hive, input->gpus);
    else
        process_input(hive, input);
    leave(hive);
}

void hive_set_host(struct hive *hive, const struct hive_host *host)
{
    hive->host = *host;
}

ms_t hive_deadline(const struct hive *hive)
{
    ms_t due = ms_min(ms_min(member_deadline(&hive->member), hive->beat_at), hive->stop_at);
    due = ms_min(due, beat_demand_due(&hive->demand));
    if (hive->now < hive->may_start_at)
        due = ms_min(due, hive->may_start_at);
    WORKERS_EACH(worker, hive)
    {
        due = ms_min(due, process_deadline(&worker->process));
    }
    return due;
}

bool hive_next_order(struct hive *hive, struct hive_order *ret)
{
    unsigned allowed = hive->now < hive->may_start_at ? ~(unsigned)PROCESS_START : ~0U;
    WORKERS_EACH(worker, hive)
    {
        unsigned orders = worker->process.orders & allowed, first = orders & -orders;
        if (!orders)
            continue;
        *ret = (struct hive_order){ (enum process_order)first, worker->name };
        worker->process.orders &= ~first;
        return true;
    }
    return false;
}
