#include "oracle.h"

#include <cjson/cJSON.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http.h"

#define SHOWN_MAX 20 /* faults of a kind; the others are counted */
#define LIST_LIMIT_US INT64_C(60000000)

#define CHANNEL_TEXT(channel, name) [channel] = name,
static const char *const channel_names[CHANNEL_COUNT] = { CHANNELS(CHANNEL_TEXT) };

struct deed {
    const struct report *report;
    int64_t told_us[CHANNEL_COUNT]; /* 0: not yet */
};

/* What a channel has told of a worker. */
struct tale {
    const char *state; /* NULL: nothing yet */
    int64_t event_id, revision;
};

struct seat {
    enum verb verb; /* what was done to it last */
    struct tale tales[CHANNEL_COUNT];
};

struct trial {
    const struct oracle *oracle;
    struct seat *seats[ACTIONS_MAX];
    struct deed *deeds;
    struct findings findings;
    bool shows;
};

void oracle_take(struct oracle *oracle, const struct report *report)
{
    if (oracle->count == oracle->size &&
        !(oracle->reports =
              realloc(oracle->reports, (oracle->size = 2 * oracle->size + 1024) * sizeof *oracle->reports)))
        err(2, "memory");
    oracle->reports[oracle->count++] = *report;
}

static int by_time(const void *left, const void *right)
{
    const struct report *a = left, *b = right;
    return a->at_us != b->at_us ? (a->at_us > b->at_us) - (a->at_us < b->at_us)
                                : (a->kind > b->kind) - (a->kind < b->kind);
}

static double ms_of(const struct trial *trial, int64_t at_us)
{
    return (double)(at_us - trial->oracle->stage->shared->start_us) / 1000;
}

static void name_of(const struct stage *stage, const struct report *report, char ret[TARGET_SIZE])
{
    const struct action *action = &stage->script.actions[report->action];
    snprintf(ret, TARGET_SIZE, "%.100s/w%u", action->target, action->from + report->worker);
}

static void show_fault(const struct trial *trial, unsigned number, const char *what, const struct report *report,
                       enum channel channel, const char *more)
{
    char name[TARGET_SIZE];
    if (!trial->shows || number > SHOWN_MAX)
        return;
    name_of(trial->oracle->stage, report, name);
    printf("%s: %s, %s, at %.1f ms: %s\n", what, name, channel_names[channel], ms_of(trial, report->at_us), more);
}

static bool is_watched(const struct stage *stage, enum channel channel)
{
    if (channel == CHANNEL_COMMAND)
        return stage->options.command_file != NULL;
    return true;
}

/* The oldest deed on that worker that the channel has not told, and whose state is `state` (NULL: any). */
static struct deed *find_open(struct trial *trial, const struct report *report, const char *state)
{
    for (unsigned i = 0; i < trial->findings.deeds; i++) {
        const struct report *done = trial->deeds[i].report;
        if (done->action == report->action && done->worker == report->worker &&
            !trial->deeds[i].told_us[report->channel] && (!state || strcmp(verb_states[done->verb], state) == 0))
            return &trial->deeds[i];
    }
    return NULL;
}

/* Nothing is wrong with: the first word on a worker that lives; suspicion of one to which something was done; and the
 * end of such a suspicion. */
static bool is_fine(struct trial *trial, const struct report *report, const struct tale *tale)
{
    enum verb verb = trial->seats[report->action][report->worker].verb;
    bool lives = strcmp(verb_states[verb], "online") == 0;
    if (report->channel == CHANNEL_SUBSCRIBER)
        return true;
    if (strcmp(report->state, "online") == 0)
        return lives && (!tale->state || strcmp(tale->state, "suspect") == 0 || strcmp(tale->state, "unverified") == 0);
    if (strcmp(report->state, "unverified") == 0)
        return !tale->state;
    return strcmp(report->state, "suspect") == 0 && find_open(trial, report, NULL);
}

static void judge_told(struct trial *trial, const struct report *report)
{
    struct tale *tale = &trial->seats[report->action][report->worker].tales[report->channel];
    struct deed *deed = find_open(trial, report, report->state);
    bool is_repeat = tale->state && strcmp(tale->state, report->state) == 0;
    if (is_repeat && report->event_id == tale->event_id && report->revision > tale->revision) {
        tale->revision = report->revision;
        return;
    }
    if (deed)
        deed->told_us[report->channel] = report->at_us;
    else if (is_repeat && report->channel != CHANNEL_SUBSCRIBER)
        show_fault(trial, ++trial->findings.duplicated, "duplicated", report, report->channel, report->state);
    else if (!is_fine(trial, report, tale))
        show_fault(trial, ++trial->findings.wrong, "false", report, report->channel, report->state);
    *tale = (struct tale){ report->state, report->event_id, report->revision };
}

static void judge_reports(struct trial *trial)
{
    for (size_t i = 0; i < trial->oracle->count; i++) {
        const struct report *report = &trial->oracle->reports[i];
        if (report->kind == REPORT_DID) {
            trial->seats[report->action][report->worker].verb = report->verb;
            trial->deeds[trial->findings.deeds++] = (struct deed){ .report = report };
        } else if (report->kind == REPORT_TOLD) {
            judge_told(trial, report);
        }
    }
}

static int64_t floods_end(const struct oracle *oracle)
{
    int64_t end = INT64_MAX;
    for (size_t i = 0; i < oracle->count; i++)
        if (oracle->reports[i].kind == REPORT_SENT && oracle->reports[i].at_us < end)
            end = oracle->reports[i].at_us;
    return end;
}

/* The last moment at which a channel tells in time. A deed that the subscriber cannot see has the others' delay. */
static int64_t limit_of(const struct trial *trial, const struct deed *deed, int64_t longest_us)
{
    int64_t limit_us = trial->oracle->stage->options.limit_us, seen = deed->told_us[CHANNEL_SUBSCRIBER];
    int64_t delay = seen ? seen - deed->report->at_us : longest_us;
    return limit_us ? deed->report->due_us + limit_us + 2 * delay : floods_end(trial->oracle);
}

static void judge_deed(struct trial *trial, const struct deed *deed, int64_t longest_us)
{
    const struct stage *stage = trial->oracle->stage;
    for (enum channel channel = CHANNEL_VERDICT; channel < CHANNEL_COUNT; channel++) {
        if (!is_watched(stage, channel))
            continue;
        if (!deed->told_us[channel])
            show_fault(trial, ++trial->findings.missed, "missed", deed->report, channel,
                       verb_states[deed->report->verb]);
        else if (deed->told_us[channel] > limit_of(trial, deed, longest_us))
            show_fault(trial, ++trial->findings.late, "late", deed->report, channel, verb_states[deed->report->verb]);
    }
}

static void show_deed(const struct trial *trial, const struct deed *deed)
{
    char name[TARGET_SIZE];
    name_of(trial->oracle->stage, deed->report, name);
    printf("%-20s %-6s %9.1f", name, verb_words[deed->report->verb], ms_of(trial, deed->report->at_us));
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++)
        if (deed->told_us[channel])
            printf(" %10.1f", (double)(deed->told_us[channel] - deed->report->at_us) / 1000);
        else
            printf(" %10s", "-");
    printf("\n");
}

static void show_table(const struct trial *trial)
{
    printf("%-20s %-6s %9s", "worker", "deed", "at ms");
    for (enum channel channel = 0; channel < CHANNEL_COUNT; channel++)
        printf(" %10s", channel_names[channel]);
    printf("   ms after it\n");
    for (unsigned i = 0; i < trial->findings.deeds; i++)
        show_deed(trial, &trial->deeds[i]);
}

static void trial_begin(struct trial *trial, const struct oracle *oracle)
{
    const struct script *script = &oracle->stage->script;
    for (unsigned i = 0; i < script->count; i++)
        if (script->actions[i].verb == VERB_FLEET &&
            !(trial->seats[i] = calloc(script->actions[i].count + 1, sizeof *trial->seats[i])))
            err(2, "memory");
    if (!(trial->deeds = calloc(oracle->count + 1, sizeof *trial->deeds)))
        err(2, "memory");
}

static void trial_end(struct trial *trial)
{
    for (unsigned i = 0; i < ACTIONS_MAX; i++)
        free(trial->seats[i]);
    free(trial->deeds);
}

struct findings oracle_judge(struct oracle *oracle, bool shows)
{
    struct trial trial = { .oracle = oracle, .shows = shows };
    int64_t longest_us = 0;
    qsort(oracle->reports, oracle->count, sizeof *oracle->reports, by_time);
    trial_begin(&trial, oracle);
    judge_reports(&trial);
    if (shows)
        show_table(&trial);
    for (unsigned i = 0; i < trial.findings.deeds; i++) {
        int64_t seen = trial.deeds[i].told_us[CHANNEL_SUBSCRIBER];
        if (seen && seen - trial.deeds[i].report->at_us > longest_us)
            longest_us = seen - trial.deeds[i].report->at_us;
    }
    for (unsigned i = 0; i < trial.findings.deeds; i++)
        judge_deed(&trial, &trial.deeds[i], longest_us);
    trial_end(&trial);
    return trial.findings;
}

/* All workers of a hive, or NULL. */
static cJSON *list_hive(const struct oracle *oracle, const char *hive)
{
    char path[256], *body;
    cJSON *document;
    snprintf(path, sizeof path, "/v1/workers?hive=%s&limit=100000", hive);
    body = http_get(oracle->stage->options.http, path, LIST_LIMIT_US);
    document = body ? cJSON_Parse(body) : NULL;
    free(body);
    return document;
}

static const char *text_of(const cJSON *document, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, name));
    return text ? text : "";
}

/* ret[place]: whether the queen calls that worker of the fleet by the state that the truth has. Returns how many. */
static unsigned compare_list(const struct oracle *oracle, unsigned fleet, const enum verb *truth)
{
    cJSON *list = list_hive(oracle, oracle->stage->script.actions[fleet].target);
    const cJSON *worker;
    unsigned action, place, right = 0;
    cJSON_ArrayForEach(worker, cJSON_GetObjectItemCaseSensitive(list, "workers"))
    {
        if (!script_find(&oracle->stage->script, text_of(worker, "hive_id"), text_of(worker, "worker_id"), &action,
                         &place) ||
            action != fleet)
            continue;
        if (strcmp(text_of(worker, "state"), verb_states[truth[place]]) == 0)
            right++;
        else
            printf("wrong: %s/%s is %s over HTTP, not %s\n", text_of(worker, "hive_id"), text_of(worker, "worker_id"),
                   text_of(worker, "state"), verb_states[truth[place]]);
    }
    cJSON_Delete(list);
    return right;
}

static unsigned compare_stored(const struct oracle *oracle, unsigned fleet, const enum verb *truth)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        const struct report *report = &oracle->reports[i];
        char name[TARGET_SIZE];
        if (report->kind != REPORT_STORED || report->action != fleet ||
            strcmp(report->state, verb_states[truth[report->worker]]) == 0)
            continue;
        name_of(oracle->stage, report, name);
        printf("wrong: %s is %s in its retained verdict, not %s\n", name, report->state,
               verb_states[truth[report->worker]]);
        wrong++;
    }
    return wrong;
}

unsigned oracle_compare_states(struct oracle *oracle)
{
    const struct script *script = &oracle->stage->script;
    unsigned wrong = 0;
    for (unsigned fleet = 0; fleet < script->count; fleet++) {
        unsigned count = script->actions[fleet].count;
        enum verb *truth;
        if (script->actions[fleet].verb != VERB_FLEET)
            continue;
        if (!(truth = calloc(count + 1, sizeof *truth)))
            err(2, "memory");
        for (size_t i = 0; i < oracle->count; i++)
            if (oracle->reports[i].kind == REPORT_DID && oracle->reports[i].action == fleet)
                truth[oracle->reports[i].worker] = oracle->reports[i].verb;
        wrong += count - compare_list(oracle, fleet, truth) + compare_stored(oracle, fleet, truth);
        free(truth);
    }
    return wrong;
}

bool oracle_all_online(const struct oracle *oracle)
{
    const struct script *script = &oracle->stage->script;
    bool are_all = true;
    for (unsigned i = 0; are_all && i < script->count; i++) {
        char path[256], *body, *total;
        if (script->actions[i].verb != VERB_FLEET)
            continue;
        snprintf(path, sizeof path, "/v1/workers?hive=%s&state=online&limit=1", script->actions[i].target);
        body = http_get(oracle->stage->options.http, path, LIST_LIMIT_US);
        total = body ? strstr(body, "\"total\":") : NULL;
        are_all = total && strtoul(total + 8, NULL, 10) >= script->actions[i].count;
        free(body);
    }
    return are_all;
}
