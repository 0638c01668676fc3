/* skep wait - blocks until a worker is in a state. */
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "clock.h"
#include "command.h"
#include "document.h"
#include "follow.h"
#include "output.h"
#include "vocabulary.h"
#include "worker_request.h"

struct wait_conf {
    struct cli_conf common;
    const char *state;
    ms_t timeout;
};

static const struct conf_option options[] = {
    { "for", CONF_CHOICE, offsetof(struct wait_conf, state), .command_line_only = true, .choices = STATE_CHOICES,
      .fallback = "online", .arg = "STATE", .help = "state to wait for: " STATE_LIST },
    { "timeout", CONF_DURATION, offsetof(struct wait_conf, timeout), .min = 0, .max = 7 * 86400000LL,
      .command_line_only = true, .fallback = "30s", .arg = "TIME", .help = "timeout; then exit code 124" },
    { 0 },
};

/* Two states may end without an event: a suspicion that is withdrawn before it was announced, and what the queen knows
 * from before it started. An unknown worker may become known from stored copies, also without one. In these check again
 * soon; all other changes are reported by events. */
#define CHECK_SOON 1000 /* ms */
#define CHECK_RARELY 60000

struct wait {
    struct cli *cli;
    struct worker_ref ref;
    const char *wanted;
    struct follow follow;
    ms_t deadline;
    ms_t check_at; /* when to request the worker itself, whatever events report; never far behind the deadline */
    char state[NAME_SIZE]; /* as last seen; "unknown" while the queen knows no such worker */
};

static bool is_there(const struct wait *wait)
{
    return strcmp(wait->state, wait->wanted) == 0;
}

static bool is_reported_by_events(const char *state)
{
    return strcmp(state, "unknown") != 0 && strcmp(state, "unverified") != 0 && strcmp(state, "suspect") != 0;
}

/* Once more at the deadline itself, so that the last word is not an old one. */
static void schedule_check(struct wait *wait, ms_t timeout)
{
    ms_t now = clock_mono();
    wait->check_at = now + timeout;
    if (now < wait->deadline)
        wait->check_at = ms_min(wait->check_at, wait->deadline);
}

static void note_state(struct wait *wait, const char *state)
{
    bool news = strcmp(wait->state, state) != 0;
    wait->state[0] = '\0';
    strncat(wait->state, state, sizeof wait->state - 1);
    schedule_check(wait, is_reported_by_events(state) ? CHECK_RARELY : CHECK_SOON);
    if (news && !is_there(wait) && isatty(STDERR_FILENO))
        output_note("%s is %s, waiting for %s", wait->cli->word, wait->state, wait->wanted);
}

/* From now on the name means this hive's worker, also when another hive gets one of that name. */
static void see_worker(struct wait *wait, const cJSON *worker)
{
    const char *state = document_str(worker, "state");
    const char *hive = document_str(worker, "hive_id");
    if (hive && text_is_id(text_of(hive)))
        memcpy(wait->ref.hive, hive, strlen(hive) + 1);
    note_state(wait, state ? state : "unknown");
}

/* One that is not there may still come, and so may a queen that went away. */
static enum err check(struct wait *wait, struct errbuf *e)
{
    auto_free(cJSON) worker = NULL;
    enum err err = worker_get(wait->cli->api, &wait->ref, &worker, e);
    if (err == OK)
        see_worker(wait, worker);
    else if (err == ERR_NOT_FOUND)
        note_state(wait, "unknown");
    else if (err == ERR_UNREACHABLE && wait->follow.begun)
        schedule_check(wait, CHECK_SOON);
    else
        return err;
    return OK;
}

/* A state that was passed through counts. */
static void see_event(void *user, const cJSON *event)
{
    struct wait *wait = user;
    const char *state = document_str(event, "state");
    if (!is_there(wait) &&
        worker_ref_fits(&wait->ref, document_str(event, "hive_id"), document_str(event, "worker_id")))
        note_state(wait, state ? state : "unknown");
}

static enum err pass_time(struct wait *wait, ms_t time, struct errbuf *e)
{
    auto_free(cJSON) answer = NULL;
    if (time >= 1000) /* a long poll counts in seconds */
        return follow_next(&wait->follow, time, &answer, e);
    api_sleep(wait->cli->api, clock_mono() + time);
    return OK;
}

/* The state is looked at when the place among the events is known: what changes it afterwards is an event. */
static enum err wait_for(struct wait *wait, struct errbuf *e)
{
    enum err err = follow_skip(&wait->follow, e);
    while (err == OK && !is_there(wait)) {
        ms_t now = clock_mono();
        if (now >= wait->check_at)
            err = check(wait, e);
        else if (now >= wait->deadline)
            err = err_set(e, ERR_TIMEOUT, "timed out: %s is %s, not %s", wait->cli->word, wait->state, wait->wanted);
        else
            err = pass_time(wait, ms_min(wait->check_at, wait->deadline) - now, e);
    }
    return err;
}

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct wait_conf *conf = options_given;
    struct wait wait = { .cli = cli,
                         .follow = { cli->api, see_event, &wait },
                         .wanted = conf->state,
                         .deadline = clock_mono() + conf->timeout };
    enum err err = worker_ref_parse(cli->word, &wait.ref, e);
    cli->api->deadline = wait.deadline;
    return err != OK ? err : wait_for(&wait, e);
}

const struct command command_wait = {
    .name = "wait",
    .summary = "block until a worker is in a state",
    .examples = "  skep wait gpu-1                        # until it is online, 30 s at most\n"
                "  skep wait gpu-1 --for stale --timeout 2m && echo lost\n",
    .usage = "skep wait WORKER [--for STATE] [--timeout TIME]",
    .notes = "Also waits for workers that are not known yet.\n",
    .options = options,
    .conf_size = sizeof(struct wait_conf),
    .word = "WORKER",
    .run = run,
};
