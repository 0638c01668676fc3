#include "orders.h"

#include <stdio.h>

#include "agents.h"
#include "clock.h"
#include "entropy.h"
#include "state_dir.h"

#define ORDERS_BURST_MS 20 /* a start takes milliseconds, and a roster has up to 1000 of them */

void orders_take(struct orders *orders, struct hive_input input)
{
    struct outbox *outbox = daemon_enter(orders->daemon);
    input.now = orders->daemon->now;
    input.wall = orders->daemon->wall;
    hive_take(orders->hive, &input, outbox);
    daemon_leave(orders->daemon);
}

static uint64_t new_session(void)
{
    uint64_t session;
    do
        entropy_need(&session, sizeof session);
    while (session == 0);
    return session;
}

/* Without its record the agent runs all the same; only a successor of this hive will not know it. */
static void record(struct orders *orders, const char *worker, const struct agent_record *record)
{
    struct errbuf e = { 0 };
    if (orders->state && state_dir_save(orders->state, worker, *record, &e) != OK)
        log_at(LOG_ERROR, "a restarted hive will not know this agent", "worker", worker, "why", e.text, NULL);
}

static void log_started(const char *worker, int64_t pid, const char *how)
{
    char shown[24];
    snprintf(shown, sizeof shown, "%lld", (long long)pid);
    log_at(LOG_INFO, how, "worker", worker, "pid", shown, NULL);
}

static enum err launch(struct orders *orders, const struct roster_entry *entry, struct arena *arena,
                       struct agent_record *ret, struct errbuf *e)
{
    const struct process *process = hive_process(orders->hive, entry->name);
    struct agent_key key;
    struct launch how;
    enum err err;
    ret->session = new_session();
    if (launch_make(arena, &orders->conf->launch, entry, ret->session, &how) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = agents_start(orders->agents, entry->name, &how, entry->directory, &key, e)) != OK)
        return err;
    ret->pid = key.pid;
    ret->started = key.started;
    ret->fingerprint = entry->fingerprint;
    ret->wall = orders->daemon->wall;
    ret->restarts = process->restarts + process->was_started;
    return OK;
}

static void start(struct orders *orders, const char *worker)
{
    const struct roster_entry *entry = roster_find(orders->conf->roster, worker);
    struct agent_record born = { 0 };
    struct errbuf e = { 0 };
    struct arena arena;
    enum err err = ERR_NOT_FOUND;
    arena_init(&arena, 0);
    if (entry)
        err = launch(orders, entry, &arena, &born, &e);
    arena_clear(&arena);
    if (err != OK) {
        log_at(LOG_ERROR, "a worker is not started", "worker", worker, "why", e.text, NULL);
        orders_take(orders, (struct hive_input){ .kind = HIVE_NOT_STARTED, .worker = worker, .why = e.text });
        return;
    }
    record(orders, worker, &born);
    agents_release(orders->agents, worker);
    log_started(worker, born.pid, "worker started");
    orders_take(orders, (struct hive_input){ .kind = HIVE_STARTED,
                                             .worker = worker,
                                             .birth = { born.pid, born.session, born.wall, born.restarts } });
}

static void carry_out(struct orders *orders, enum process_order order, const char *worker)
{
    if (order == PROCESS_KILL)
        log_at(LOG_WARNING, "worker does not end; killing it", "worker", worker, NULL);
    if (order == PROCESS_START)
        start(orders, worker);
    else
        agents_order(orders->agents, worker, order);
}

static bool carry_out_next(struct orders *orders)
{
    struct hive_order order;
    char worker[NAME_SIZE]; /* a further step may end the one it is borrowed from */
    if (!hive_next_order(orders->hive, &order))
        return false;
    snprintf(worker, sizeof worker, "%s", order.worker);
    carry_out(orders, order.order, worker);
    return true;
}

bool orders_carry_out(struct orders *orders)
{
    ms_t until = clock_mono() + ORDERS_BURST_MS;
    while (carry_out_next(orders))
        if (clock_mono() >= until)
            return false;
    return true;
}

static void log_exited(const struct orders *orders, const char *worker, const struct ending *ending)
{
    const struct process *process = hive_process(orders->hive, worker);
    char code[16], name[SIGNAL_NAME_SIZE];
    if (!process)
        return;
    if (ending) {
        snprintf(code, sizeof code, "%d", ending_code(ending));
        signal_name(ending->signal, name);
    }
    log_at(process->last.asked_for == 1 || process->last.code == 0 ? LOG_INFO : LOG_WARNING, "worker ended", "worker",
           worker, "code", ending ? code : "unknown", "signal", ending && ending->signal ? name : NULL, "state",
           witness_state_name((int)process->state), NULL);
}

static void on_exited(void *user, const char *worker, const struct ending *ending)
{
    struct orders *orders = user;
    orders_take(orders, (struct hive_input){ .kind = HIVE_EXITED, .worker = worker, .ending = ending });
    log_exited(orders, worker, ending);
}

static void on_swept(void *user, const char *worker)
{
    struct orders *orders = user;
    if (orders->state)
        state_dir_forget(orders->state, worker); /* before another one takes its place */
    orders_take(orders, (struct hive_input){ .kind = HIVE_SWEPT, .worker = worker });
}

/* One that is gone by now is told as one that ends now. */
static enum err adopt(void *user, const char *worker, const struct agent_record *record, struct errbuf *e)
{
    struct orders *orders = user;
    struct agent_key key = { record->pid, record->started };
    enum err err = agents_adopt(orders->agents, worker, key, e);
    if (err != OK)
        return err;
    log_started(worker, record->pid, "worker adopted");
    orders_take(orders, (struct hive_input){ .kind = HIVE_ADOPT,
                                             .worker = worker,
                                             .birth = { record->pid, record->session, record->wall, record->restarts },
                                             .fingerprint = record->fingerprint });
    return OK;
}

enum err orders_adopt(struct orders *orders, struct errbuf *e)
{
    return orders->state ? state_dir_read(orders->state, adopt, orders, e) : OK;
}

enum err orders_init(struct orders *orders, struct daemon_loop *loop, const char *state_dir, struct errbuf *e)
{
    static const struct agents_events events = { on_exited, on_swept };
    enum err err;
    *orders = (struct orders){ .daemon = &loop->daemon };
    err = agents_new(loop->loop, &events, orders, &orders->agents, e);
    return err == OK && state_dir ? state_dir_open(state_dir, &orders->state, e) : err;
}

void orders_clear(struct orders *orders)
{
    agents_free(orders->agents);
    state_dir_free(orders->state);
}
