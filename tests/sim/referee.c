#include "referee.h"

#include <stdarg.h>
#include <stdio.h>

#include "codec.h"
#include "hive_host.h"
#include "inspect.h"
#include "json.h"
#include "worker_host.h"

#define CONFIRMATION_MS 1700 /* the longest of R4: 1 s for an answer, the wait, a few round trips */
#define PUBACK_MS 400        /* how old the broker's word may be when it arrives */
#define CONFIRM_WAIT_MS 180  /* R4's 250, less the latency by which two ends see a reset at different times */
#define GONE_MS 20000        /* longer than a link outlives its client */
#define HUNG_MS 30000        /* a beat that says so may be read so late, and be verified for 5 s */
#define HIVE_BEATS_MS 10500
#define LOSSY_MS 10000
#define MOMENT_MS 500 /* a link that lives shorter may have told the queen nothing */

static void violate(struct referee *referee, const char *format, ...) PRINTF_LIKE(2, 3);

static void violate(struct referee *referee, const char *format, ...)
{
    va_list args;
    if (referee->violation.text[0])
        return;
    va_start(args, format);
    vsnprintf(referee->violation.text, sizeof referee->violation.text, format, args);
    va_end(args);
}

static bool is_linked(const struct node *node)
{
    return node && node->running && !node->paused && !node->client.cut && node->client.phase == CLIENT_UP;
}

/* The bridge that it is behind; NULL = none. */
static const struct node *bridge_of(const struct node *node)
{
    return node ? world_find(node->world, node->client.broker->name) : NULL;
}

/* One that only finds out who holds its id is not there yet. */
static bool is_fit(const struct node *node)
{
    return is_linked(node) && (!bridge_of(node) || is_linked(bridge_of(node))) &&
           (!node_is_hive(node) || hive_has_its_id(node));
}

static struct tracked *tracked_add(struct referee *referee, const char *hive, const char *name)
{
    struct tracked *tracked = sim_alloc(&referee->world->arena, sizeof *tracked);
    snprintf(tracked->path, sizeof tracked->path, "%s/%s", hive, name);
    tracked->is_hive = !name[0];
    tracked->name = tracked->is_hive ? sim_copy(&referee->world->arena, hive) : strchr(tracked->path, '/') + 1;
    tracked->fit_since = tracked->reception.received_at = tracked->hung_at = MS_NEVER;
    HASH_ADD_STR(referee->tracked, path, tracked);
    return tracked;
}

/* Of a worker, or of the hive if there is no name; NULL: unknown. */
static struct tracked *tracked_find(struct referee *referee, struct text hive, struct text name)
{
    char path[ADDRESS_SIZE];
    struct tracked *tracked;
    snprintf(path, sizeof path, "%.*s/%.*s", (int)hive.len, hive.at ? hive.at : "", (int)name.len,
             name.at ? name.at : "");
    HASH_FIND_STR(referee->tracked, path, tracked);
    return tracked;
}

static struct tracked *hive_find_or_add(struct referee *referee, const char *hive)
{
    struct tracked *tracked = tracked_find(referee, text_of(hive), (struct text){ 0 });
    return tracked ? tracked : tracked_add(referee, hive, "");
}

/* A worker's hive may come later, or never. */
static void meet(struct referee *referee, const struct node *node)
{
    if (node_is_worker(node)) {
        (void)hive_find_or_add(referee, worker_hive(node));
        tracked_add(referee, worker_hive(node), node->name)->node = node;
    } else if (node_is_hive(node)) {
        hive_find_or_add(referee, node->name)->node = node;
    }
}

static void meet_newcomers(struct referee *referee)
{
    const struct node *last = referee->last_node;
    for (const struct node *node = last ? last->next : referee->world->nodes; node; node = node->next) {
        meet(referee, node);
        referee->last_node = node;
    }
}

static bool is_hung(const struct tracked *tracked)
{
    return !tracked->is_hive && tracked->node && tracked->node->running && worker_hangs(tracked->node);
}

static void follow(ms_t *since, bool holds, ms_t now)
{
    if (!holds)
        *since = MS_NEVER;
    else if (*since == MS_NEVER)
        *since = now;
}

static void on_turned(void *user, ms_t now)
{
    struct referee *referee = user;
    const struct node *queen = world_find(referee->world, referee->queen);
    meet_newcomers(referee);
    for (struct tracked *tracked = referee->tracked; tracked; tracked = tracked->hh.next) {
        if (!is_fit(tracked->node) && tracked->fit_since != MS_NEVER && now - tracked->fit_since > MOMENT_MS)
            tracked->lost_at = now;
        follow(&tracked->fit_since, is_fit(tracked->node), now);
        if (tracked->node && tracked->node->running)
            tracked->ran_at = now;
        if (is_hung(tracked))
            tracked->hung_at = reception_now(&referee->clock);
        if (!tracked->is_hive && tracked->node->running)
            referee->lived += now - referee->turned_at;
    }
    referee->turned_at = now;
    if (referee->world->network.loss > 0)
        referee->lossy_at = now;
    follow(&referee->queen_fit_since, is_fit(queen), now);
    follow(&referee->queen_linked_since, queen && queen->client.phase == CLIENT_UP, now);
    reception_clock_turn(&referee->clock, queen, now);
    if (!referee->clock.linked)
        referee->granted = 0;
    for (struct tracked *tracked = referee->tracked; tracked && !referee->clock.linked; tracked = tracked->hh.next)
        reception_link_lost(&tracked->reception);
}

static bool fit_for(ms_t since, ms_t now, ms_t span)
{
    return since != MS_NEVER && now - since > span;
}

static ms_t next_beat_of(const struct tracked *tracked)
{
    return tracked->is_hive ? HIVE_BEATS_MS : worker_lease(tracked->node) / 3 * 21 / 20;
}

/* What was lost is sent again, for so long that it is no fault of the queen to miss it. */
static bool is_lossy(const struct referee *referee, ms_t now)
{
    return referee->lossy_at != MS_NEVER && now - referee->lossy_at < LOSSY_MS;
}

static bool was_received(const struct referee *referee, const struct tracked *tracked, ms_t now)
{
    ms_t next_beat = next_beat_of(tracked);
    ms_t first_beat =
        bridge_of(tracked->node) ? next_beat : 0; /* it knows nothing of the bridge, and does not beat anew */
    return !is_lossy(referee, now) && fit_for(tracked->fit_since, now, first_beat + CONFIRMATION_MS) &&
           fit_for(referee->queen_linked_since, now, next_beat + CONFIRMATION_MS);
}

static void judge_silence(struct referee *referee, const struct tracked *tracked)
{
    ms_t now = referee->world->network.now, missing = reception_missing(&tracked->reception, &referee->clock);
    if (missing > 0)
        violate(referee, "%s became stale at %lld, %lld ms of silence too early", tracked->name, (long long)now,
                (long long)missing);
    if (was_received(referee, tracked, now))
        violate(referee, "%s became stale by silence at %lld, and was fit for %lld ms", tracked->name, (long long)now,
                (long long)(now - tracked->fit_since));
}

/* The queen was asking all the time; otherwise she may tell late what was decided before. */
static void judge_absence(struct referee *referee, const struct tracked *tracked, const char *cause, bool no_reply)
{
    ms_t now = referee->world->network.now, allowed = no_reply ? CONFIRMATION_MS : PUBACK_MS;
    if (is_lossy(referee, now) || !fit_for(referee->queen_fit_since, now, CONFIRMATION_MS))
        return;
    if (fit_for(tracked->fit_since, now, allowed))
        violate(referee, "%s became stale (%s) at %lld, and was back for %lld ms", tracked->name, cause, (long long)now,
                (long long)(now - tracked->fit_since));
    if (now - tracked->lost_at < CONFIRM_WAIT_MS)
        violate(referee, "%s became stale (%s) at %lld, %lld ms after it was lost", tracked->name, cause,
                (long long)now, (long long)(now - tracked->lost_at));
}

/* R12. */
static void judge_unsubscribed(struct referee *referee, const struct tracked *tracked)
{
    ms_t now = referee->world->network.now;
    bool was_heard_on_link = tracked->reception.received_at != MS_NEVER && !tracked->reception.lost_since;
    if (!was_heard_on_link && !fit_for(referee->queen_linked_since, now, RECEPTION_GRACE - referee->granted))
        violate(referee, "%s became stale (no_subscriber) at %lld, too soon after the queen's link", tracked->name,
                (long long)now);
    judge_absence(referee, tracked, "no_subscriber", false);
}

/* An agent that says that its program exited is believed. */
static void judge_loss(struct referee *referee, const struct tracked *tracked, const struct cJSON *event,
                       const char *cause)
{
    const char *result = json_string(json_member(json_member(event, "evidence"), "result"));
    const char *path = json_string(json_member(json_member(event, "evidence"), "path"));
    if (path && strcmp(path, "silence") == 0)
        judge_silence(referee, tracked);
    else if (strcmp(cause, "no_subscriber") == 0)
        judge_unsubscribed(referee, tracked);
    if (strcmp(cause, "last_will") == 0)
        judge_absence(referee, tracked, cause, result && strcmp(result, "no_reply") == 0);
}

static void judge_zombie(struct referee *referee, const struct tracked *tracked)
{
    if (tracked->hung_at == MS_NEVER || reception_now(&referee->clock) - tracked->hung_at > HUNG_MS)
        violate(referee, "%s became a zombie at %lld, and its work went on", tracked->name,
                (long long)referee->world->network.now);
}

/* What it sent last is read by then, if she was there. */
static void judge_return(struct referee *referee, const struct tracked *tracked)
{
    ms_t now = referee->world->network.now;
    if (now - tracked->ran_at > GONE_MS && fit_for(referee->queen_fit_since, now, GONE_MS))
        violate(referee, "%s came back at %lld, and is gone for %lld ms", tracked->name, (long long)now,
                (long long)(now - tracked->ran_at));
}

/* Changes that are announced. "" = nothing was announced. */
static const struct {
    const char *from, *to;
} legal[] = {
    { "", "online" },
    { "", "suspect" },
    { "", "stale" },
    { "", "offline" },
    { "online", "suspect" },
    { "online", "stale" },
    { "online", "offline" },
    { "suspect", "online" },
    { "suspect", "stale" },
    { "suspect", "offline" },
    { "stale", "online" },
    { "stale", "offline" },
    { "offline", "online" },
    { "stale", "suspect" },
    { "offline", "stale" },
    { "offline", "suspect" },
    { "", "zombie" },
    { "suspect", "zombie" },
    { "stale", "zombie" },
    { "zombie", "online" },
    { "zombie", "suspect" },
    { "zombie", "stale" },
    { "zombie", "offline" },
    { "online", "zombie" },
    { "", "unreachable" },
    { "online", "unreachable" },
    { "suspect", "unreachable" },
    { "stale", "unreachable" },
    { "zombie", "unreachable" },
    { "offline", "unreachable" }, /* another process was lost while the queen was away */
    { "offline", "zombie" },      /* likewise, and hangs */
    { "unreachable", "online" },
    { "unreachable", "stale" },
    { "unreachable", "offline" },
    { "unreachable", "suspect" },
    { "unreachable", "zombie" },
    { "", "starting" },
    { "", "ready" },
    { "", "down" },
    { "starting", "ready" },
    { "starting", "suspect" },
    { "starting", "down" },
    { "starting", "offline" },
    { "ready", "starting" },
    { "ready", "suspect" },
    { "ready", "down" },
    { "ready", "offline" },
    { "suspect", "starting" },
    { "suspect", "ready" },
    { "suspect", "down" },
    { "down", "starting" },
    { "down", "offline" },
    { "offline", "starting" },
    { "down", "ready" },
    { "offline", "ready" }, /* it started while she was away */
    { "offline", "down" },
};

static bool is_legal(const char *from, const char *to)
{
    for (size_t i = 0; i < ARRAY_LEN(legal); i++)
        if (strcmp(legal[i].from, from) == 0 && strcmp(legal[i].to, to) == 0)
            return true;
    return false;
}

/* Who was stale before was judged then. */
static void judge_unreachable(struct referee *referee, const struct tracked *tracked, const struct cJSON *event)
{
    const struct tracked *hive =
        tracked_find(referee, text_of(json_string(json_member(event, "hive_id"))), (struct text){ 0 });
    const char *path = json_string(json_member(json_member(event, "evidence"), "path"));
    if (strcmp(hive->announced, "down") != 0)
        violate(referee, "%s became unreachable, and its hive is `%s`", tracked->name, hive->announced);
    if (!json_string(json_member(event, "incident")))
        violate(referee, "%s became unreachable without an incident", tracked->name);
    if (strcmp(tracked->announced, "stale") != 0 && path)
        judge_loss(referee, tracked, event,
                   strcmp(path, "will") == 0      ? "last_will"
                   : strcmp(path, "silence") == 0 ? "missed_heartbeats"
                                                  : "no_subscriber");
}

static void judge_change(struct referee *referee, struct tracked *tracked, const struct cJSON *event, uint64_t id)
{
    const char *state = json_string(json_member(event, "state"));
    const char *previous = json_string(json_member(event, "previous"));
    const char *cause = json_string(json_member(event, "cause"));
    if (!state || !cause) {
        violate(referee, "event %llu has no state or cause", (unsigned long long)id);
        return;
    }
    if (strcmp(previous ? previous : "", tracked->announced) != 0)
        violate(referee, "%s was announced as `%s`, and the event says `%s`", tracked->name, tracked->announced,
                previous ? previous : "");
    if (!is_legal(tracked->announced, state))
        violate(referee, "%s went from `%s` to %s", tracked->name, tracked->announced, state);
    if (strcmp(state, "stale") == 0 || strcmp(state, "down") == 0)
        judge_loss(referee, tracked, event, cause);
    if (strcmp(state, "unreachable") == 0)
        judge_unreachable(referee, tracked, event);
    if (strcmp(state, "online") == 0 || strcmp(state, "ready") == 0)
        judge_return(referee, tracked);
    if (strcmp(state, "zombie") == 0)
        judge_zombie(referee, tracked);
    snprintf(tracked->announced, sizeof tracked->announced, "%s", state);
    tracked->event_id = id;
}

static bool is_judged(const struct referee *referee, const struct node *queen)
{
    return strcmp(queen->name, referee->queen) == 0;
}

static void on_event(void *user, const struct node *queen, struct text json)
{
    struct referee *referee = user;
    struct arena arena;
    struct cJSON *event = NULL;
    struct tracked *tracked;
    double number = 0;
    if (!is_judged(referee, queen))
        return;
    arena = (struct arena){ 0 };
    if (json_parse(&arena, json, &event, NULL) != OK || !json_number(json_member(event, "event_id"), &number) ||
        (uint64_t)number <= referee->last_event)
        violate(referee, "event %.0f came after %llu", number, (unsigned long long)referee->last_event);
    referee->last_event = (uint64_t)number;
    referee->events++;
    referee->was_live = true; /* there is none before that */
    tracked = tracked_find(referee, text_of(json_string(json_member(event, "hive_id"))),
                           text_of(json_string(json_member(event, "worker_id"))));
    if (tracked && !json_member(event, "fleet"))
        judge_change(referee, tracked, event, (uint64_t)number);
    arena_clear(&arena);
}

static uint64_t number_of(struct text correlation)
{
    static const struct siphash_key key = { 0 };
    return correlation.len ? siphash(&key, correlation.at, correlation.len) : 0;
}

static void on_published(void *user, const struct node *queen, const struct publish *publish)
{
    struct referee *referee = user;
    struct tracked *tracked;
    struct topic topic;
    if (!is_judged(referee, queen) || topic_parse(WORLD_ROOT, text_of(publish->topic), &topic) != OK ||
        !(text_is(topic.method, "verify") || text_is(topic.method, "health")))
        return;
    if ((tracked = tracked_find(referee, topic.hive, topic.worker)))
        tracked->asked = number_of(publish->correlation);
}

static void take_reply(struct referee *referee, const struct message *message)
{
    uint64_t correlation = number_of(message->correlation);
    for (struct tracked *tracked = referee->tracked; tracked && correlation; tracked = tracked->hh.next)
        if (correlation == tracked->asked)
            reception_answered(&tracked->reception, &referee->clock);
}

/* R17: so much of the grace has passed before her first link. */
static void take_since(struct referee *referee, const struct message *message)
{
    struct arena arena;
    struct since since;
    arena = (struct arena){ 0 };
    if (message->retain && message->has_expiry && !referee->was_live &&
        since_decode(&arena, message->payload, &since, NULL) == OK)
        referee->granted = ms_max((since.retain_s - message->expiry_s) * 1000, referee->granted_before);
    arena_clear(&arena);
}

static void take_announced(struct referee *referee, struct tracked *tracked, const char *state, uint64_t event_id)
{
    snprintf(tracked->announced, sizeof tracked->announced, "%s", state);
    tracked->event_id = event_id;
    if (!referee->was_live && referee->last_event < event_id) /* within a run they are consecutive */
        referee->last_event = event_id;
}

/* R17: the queen takes her retained verdicts for what was announced, where she has announced nothing herself, and has
 * stored nothing newer. */
static void take_verdict(struct referee *referee, struct tracked *tracked, const struct message *message)
{
    struct arena arena;
    struct verdict verdict;
    arena = (struct arena){ 0 };
    if (message->retain && verdict_decode(&arena, message->payload, &verdict, NULL) == OK &&
        (!tracked->announced[0] || (!referee->was_live && (uint64_t)verdict.event_id > tracked->event_id)))
        take_announced(referee, tracked, verdict.state, (uint64_t)verdict.event_id);
    arena_clear(&arena);
}

/* What was announced last before a process ended may be in no store and no verdict. */
static void on_restored(void *user, const struct node *queen, const struct store_row *row)
{
    struct referee *referee = user;
    struct tracked *tracked = is_judged(referee, queen) ? tracked_find(referee, row->hive, row->worker) : NULL;
    if (row->kind == STORE_RECORD && tracked && row->record.announced != STATE_NONE)
        take_announced(referee, tracked,
                       tracked->is_hive ? state_name_of_hive(row->record.announced) : state_name(row->record.announced),
                       row->record.event_id);
    if (row->kind == STORE_LIFE && is_judged(referee, queen))
        referee->granted_before = row->life.grace_from == MS_NEVER ? 0 : row->life.watch - row->life.grace_from;
}

static void on_message(void *user, const struct node *queen, const struct message *message)
{
    struct referee *referee = user;
    struct tracked *tracked;
    struct topic topic;
    if (!is_judged(referee, queen) || topic_parse(WORLD_ROOT, message->topic, &topic) != OK)
        return;
    if (topic.kind == TOPIC_REPLY)
        take_reply(referee, message);
    if (topic.kind == TOPIC_QUEEN_SINCE)
        take_since(referee, message);
    if (!(tracked = tracked_find(referee, topic.hive, topic.worker)))
        return;
    if (topic.kind == TOPIC_VERDICT || topic.kind == TOPIC_HIVE_VERDICT)
        take_verdict(referee, tracked, message);
    else
        reception_message(&tracked->reception, &referee->clock, message);
}

static const struct world_events world_events = { on_event, on_message, on_published, on_restored, on_turned };

void referee_init(struct referee *referee, struct world *world, const char *queen)
{
    *referee = (struct referee){ .world = world,
                                 .queen = queen,
                                 .queen_fit_since = MS_NEVER,
                                 .queen_linked_since = MS_NEVER,
                                 .lossy_at = MS_NEVER };
    world_watch(world, &world_events, referee);
}

void referee_clear(struct referee *referee)
{
    HASH_CLEAR(hh, referee->tracked);
}

/* What a broker has lost meanwhile is not known to the next one, and the wall clock may have stepped back. */
void referee_forget_queen(struct referee *referee)
{
    referee->last_event = 0;
    referee->granted = referee->granted_before = 0;
    referee->was_live = false;
    for (struct tracked *tracked = referee->tracked; tracked; tracked = tracked->hh.next) {
        tracked->announced[0] = '\0';
        tracked->reception.received_at = MS_NEVER;
        tracked->event_id = 0;
    }
}

static void judge_verdict(struct referee *referee, const struct tracked *tracked)
{
    char topic[TOPIC_SIZE];
    const struct retained *stored;
    struct arena arena;
    struct cJSON *verdict = NULL;
    double id = 0;
    snprintf(topic, sizeof topic, WORLD_ROOT "/queen/%s/%s%s", referee->queen,
             tracked->is_hive ? "hive-verdict/" : "verdict/", tracked->is_hive ? tracked->name : tracked->path);
    stored = retained_find(&referee->world->broker.stored, topic, referee->world->network.now);
    arena = (struct arena){ 0 };
    if (!stored || json_parse(&arena, stored->publish.payload, &verdict, NULL) != OK ||
        !json_number(json_member(verdict, "event_id"), &id) || (uint64_t)id != tracked->event_id)
        violate(referee, "the retained verdict of %s is of event %.0f, its last event is %llu", tracked->name, id,
                (unsigned long long)tracked->event_id);
    arena_clear(&arena);
}

void referee_judge(struct referee *referee, struct node *queen, const struct tracked *tracked)
{
    char state[32], hive[NAME_SIZE];
    bool fit = is_fit(tracked->node);
    const char *wanted = tracked->is_hive ? "ready" : is_hung(tracked) ? "zombie" : "online";
    if (!is_fit(queen)) {
        violate(referee, "nobody can be judged: the queen has no link");
        return;
    }
    snprintf(hive, sizeof hive, "%.*s", (int)strcspn(tracked->path, "/"), tracked->path);
    inspect_state(queen, hive, tracked->is_hive ? NULL : tracked->name, state);
    if (fit && strcmp(state, wanted) != 0)
        violate(referee, "%s is fit, and `%s` in the end, not %s", tracked->name, state, wanted);
    if (!fit && (strcmp(state, "online") == 0 || strcmp(state, "suspect") == 0 || strcmp(state, "zombie") == 0 ||
                 strcmp(state, "ready") == 0))
        violate(referee, "%s is gone, and %s in the end", tracked->name, state);
    if (tracked->announced[0] &&
        strcmp(state, tracked->announced) != 0) /* what was summed up is announced in the end */
        violate(referee, "%s is %s in the end, and was announced as %s", tracked->name, state, tracked->announced);
    if (tracked->event_id)
        judge_verdict(referee, tracked);
}
