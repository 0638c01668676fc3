#include <stdio.h>

#include "clock.h"
#include "entropy.h"
#include "hive_driver_parts.h"

#define ORDERS_BURST_MS 20 /* a start takes milliseconds, and a roster has up to 1000 of them */

static uint64_t new_session(void)
{
    uint64_t session;
    do
        entropy_need(&session, sizeof session);
    while (session == 0);
    return session;
}

/* Without its record the agent runs all the same; only a successor of this hive will not know it. */
static void record(struct hive_driver *driver, const char *worker, const struct agent_record *record)
{
    struct errbuf e = { 0 };
    if (driver->state && state_dir_save(driver->state, worker, *record, &e) != OK)
        log_at(LOG_ERROR, "a restarted hive will not know this agent", "worker", worker, "why", e.text, NULL);
}

static void log_started(const char *worker, int64_t pid, const char *how)
{
    char shown[24];
    snprintf(shown, sizeof shown, "%lld", (long long)pid);
    log_at(LOG_INFO, how, "worker", worker, "pid", shown, NULL);
}

static enum err launch(struct hive_driver *driver, const struct roster_entry *entry, struct arena *arena,
                       struct agent_record *ret, struct errbuf *e)
{
    const struct process *process = hive_process(driver->hive, entry->name);
    struct agent_key key;
    struct launch how;
    enum err err;
    ret->session = new_session();
    if (launch_make(arena, &driver->current->launch, entry, ret->session, &how) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    if ((err = agents_start(driver->agents, entry->name, &how, entry->directory, &key, e)) != OK)
        return err;
    ret->pid = key.pid;
    ret->started = key.started;
    ret->fingerprint = entry->fingerprint;
    ret->wall = driver->wall;
    ret->restarts = process->restarts + process->was_started;
    return OK;
}

static void start(struct hive_driver *driver, const char *worker)
{
    const struct roster_entry *entry = roster_find(driver->current->roster, worker);
    struct agent_record born = { 0 };
    struct errbuf e = { 0 };
    struct arena arena;
    enum err err = ERR_NOT_FOUND;
    arena_init(&arena, 0);
    if (entry)
        err = launch(driver, entry, &arena, &born, &e);
    arena_clear(&arena);
    if (err != OK) {
        log_at(LOG_ERROR, "a worker is not started", "worker", worker, "why", e.text, NULL);
        hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_NOT_STARTED, .worker = worker, .why = e.text });
        return;
    }
    record(driver, worker, &born);
    agents_release(driver->agents, worker);
    log_started(worker, born.pid, "worker started");
    hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_STARTED,
                                                   .worker = worker,
                                                   .birth = { born.pid, born.session, born.wall, born.restarts } });
}

static void carry_out(struct hive_driver *driver, enum process_order order, const char *worker)
{
    switch (order) {
    case PROCESS_TERM:
        agents_terminate(driver->agents, worker);
        break;
    case PROCESS_KILL:
        log_at(LOG_WARNING, "worker does not end; killing it", "worker", worker, NULL);
        agents_kill(driver->agents, worker);
        break;
    case PROCESS_ASK:
        agents_ask(driver->agents, worker);
        break;
    case PROCESS_SWEEP:
        agents_sweep(driver->agents, worker);
        break;
    case PROCESS_START:
        start(driver, worker);
        break;
    }
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

bool hive_driver_carry_out_orders(struct hive_driver *driver)
{
    ms_t until = clock_mono() + ORDERS_BURST_MS;
    while (carry_out_next(driver))
        if (clock_mono() >= until)
            return false;
    return true;
}

static void log_exited(const struct hive_driver *driver, const char *worker, const struct ending *ending)
{
    const struct process *process = hive_process(driver->hive, worker);
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
    struct hive_driver *driver = user;
    hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_EXITED, .worker = worker, .ending = ending });
    log_exited(driver, worker, ending);
}

static void on_swept(void *user, const char *worker)
{
    struct hive_driver *driver = user;
    if (driver->state)
        state_dir_forget(driver->state, worker); /* before another one takes its place */
    hive_driver_take(driver, &(struct hive_input){ .kind = HIVE_SWEPT, .worker = worker });
}

const struct agents_events hive_driver_agents_events = { on_exited, on_swept };

/* One that is gone by now is told as one that ends now. */
static enum err adopt(void *user, const char *worker, const struct agent_record *record, struct errbuf *e)
{
    struct hive_driver *driver = user;
    struct agent_key key = { record->pid, record->started };
    enum err err = agents_adopt(driver->agents, worker, key, e);
    if (err != OK)
        return err;
    log_started(worker, record->pid, "worker adopted");
    hive_driver_take(driver,
                     &(struct hive_input){ .kind = HIVE_ADOPT,
                                           .worker = worker,
                                           .birth = { record->pid, record->session, record->wall, record->restarts },
                                           .fingerprint = record->fingerprint });
    return OK;
}

enum err hive_driver_adopt(struct hive_driver *driver, struct errbuf *e)
{
    return driver->state ? state_dir_read(driver->state, adopt, driver, e) : OK;
}
