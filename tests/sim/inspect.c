#include "inspect.h"

#include <cjson/cJSON.h>
#include <stdio.h>

#include "json.h"

static void say(const struct node *queen, const char *text)
{
    trace_line(&queen->world->trace, queen->world->network.now, "http", queen->name, "%s", text);
}

/* The document at that path, in the arena; NULL with its status in the trace if there is none. */
static const struct cJSON *get(struct node *queen, const char *path, struct arena *arena)
{
    struct http_response response;
    struct cJSON *document = NULL;
    queen_ask(queen, "GET", path, NULL, &response);
    if (response.status == 200)
        (void)json_parse(arena, buf_text(&response.body), &document, NULL);
    buf_clear(&response.body);
    return document;
}

static void worker_path(const char *hive, const char *worker, char ret[256])
{
    snprintf(ret, 256, "/v1/hives/%s%s%s", hive, worker ? "/workers/" : "", worker ? worker : "");
}

static void add_flags(struct buf *line, const struct cJSON *flags)
{
    const struct cJSON *flag;
    cJSON_ArrayForEach(flag, flags)
    {
        buf_printf(line, " [%s]", json_string(flag));
    }
}

static void add_number(struct buf *line, const struct cJSON *document, const char *name)
{
    double number;
    if (json_number(json_member(document, name), &number))
        buf_printf(line, ", %s %.0f", name, number);
    else
        buf_printf(line, ", %s null", name);
}

void inspect_worker(struct node *queen, const char *name, bool ages)
{
    char path[256], hive[128];
    struct buf line = BUF_INIT;
    struct arena arena;
    const struct cJSON *document;
    const char *slash = strchr(name, '/');
    arena = (struct arena){ 0 };
    snprintf(hive, sizeof hive, "%.*s", slash ? (int)(slash - name) : 0, name);
    worker_path(slash ? hive : WORLD_HIVE, slash ? slash + 1 : name, path);
    document = get(queen, path, &arena);
    if (document)
        buf_printf(&line, "%s/%s %s (%s)", json_string(json_member(document, "hive_id")),
                   json_string(json_member(document, "worker_id")), json_string(json_member(document, "state")),
                   json_string(json_member(document, "cause")));
    else
        buf_printf(&line, "%s is not known", name);
    add_flags(&line, json_member(document, "flags"));
    if (ages && document) {
        add_number(&line, document, "last_seen_ms_ago");
        add_number(&line, document, "clock_skew_ms");
    }
    say(queen, buf_str(&line));
    buf_clear(&line);
    arena_clear(&arena);
}

void inspect_state(struct node *queen, const char *hive, const char *worker, char ret[32])
{
    char path[256];
    struct arena arena;
    const char *state;
    arena = (struct arena){ 0 };
    worker_path(hive, worker, path);
    state = json_string(json_member(get(queen, path, &arena), "state"));
    snprintf(ret, 32, "%s", state ? state : "");
    arena_clear(&arena);
}

/* In the order in which they are shown. */
static const char *const states[] = { "online", "unverified", "suspect", "stale", "zombie", "offline", "unreachable" };

static void tally_count(unsigned tally[ARRAY_LEN(states)], const char *state)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(states[i], state) == 0)
            tally[i]++;
}

static void tally_add(const unsigned tally[ARRAY_LEN(states)], struct buf *line)
{
    const char *separator = "";
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (tally[i]) {
            buf_printf(line, "%s%u %s", separator, tally[i], states[i]);
            separator = ", ";
        }
    if (!*separator)
        buf_add_str(line, "no workers");
}

void inspect_hive(struct node *queen, const char *id)
{
    unsigned tally[ARRAY_LEN(states)] = { 0 };
    struct buf line = BUF_INIT;
    struct arena arena;
    const struct cJSON *document;
    char path[256];
    arena = (struct arena){ 0 };
    snprintf(path, sizeof path, "/v1/hives/%s", id);
    document = get(queen, path, &arena);
    for (size_t i = 0; document && i < ARRAY_LEN(states); i++) {
        double count = 0;
        (void)json_number(json_member(json_member(document, "workers"), states[i]), &count);
        tally[i] = (unsigned)count;
    }
    buf_printf(&line, "hive/%s %s (%s): ", id, document ? json_string(json_member(document, "state")) : "is not known",
               document ? json_string(json_member(document, "cause")) : "-");
    tally_add(tally, &line);
    say(queen, buf_str(&line));
    buf_clear(&line);
    arena_clear(&arena);
}

/* One page of the list; returns where the next one begins, 0 = that was the last. */
static int64_t tally_page(struct node *queen, int64_t cursor, unsigned tally[ARRAY_LEN(states)])
{
    char path[64];
    struct arena arena;
    const struct cJSON *document, *worker;
    double next = 0;
    arena = (struct arena){ 0 };
    snprintf(path, sizeof path, cursor ? "/v1/workers?limit=200&cursor=%lld" : "/v1/workers?limit=200",
             (long long)cursor);
    document = get(queen, path, &arena);
    cJSON_ArrayForEach(worker, json_member(document, "workers"))
    {
        tally_count(tally, json_string(json_member(worker, "state")));
    }
    (void)json_number(json_member(document, "next"), &next);
    arena_clear(&arena);
    return (int64_t)next;
}

void inspect_fleet(struct node *queen)
{
    unsigned tally[ARRAY_LEN(states)] = { 0 };
    struct buf line = BUF_INIT;
    int64_t cursor = 0;
    do
        cursor = tally_page(queen, cursor, tally);
    while (cursor > 0);
    tally_add(tally, &line);
    say(queen, buf_str(&line));
    buf_clear(&line);
}

void inspect_incidents(struct node *queen)
{
    struct arena arena = { 0 };
    const struct cJSON *incident;
    cJSON_ArrayForEach(incident, json_member(get(queen, "/v1/incidents", &arena), "incidents"))
    {
        const char *hive = json_string(json_member(incident, "hive_id")),
                   *worker = json_string(json_member(incident, "worker_id")),
                   *end = json_string(json_member(incident, "ended_by"));
        struct buf line = BUF_INIT;
        buf_printf(&line, "incident: %s %s%s%s %s, %s", json_string(json_member(incident, "kind")), hive ? hive : "-",
                   worker ? "/" : "", worker ? worker : "", json_string(json_member(incident, "class")),
                   end ? end : "open");
        say(queen, buf_str(&line));
        buf_clear(&line);
    }
    arena_clear(&arena);
}

void inspect_health(struct node *queen)
{
    struct buf line = BUF_INIT;
    struct arena arena;
    const struct cJSON *document;
    arena = (struct arena){ 0 };
    if (!(document = get(queen, "/health", &arena))) {
        say(queen, "fail");
        return;
    }
    buf_printf(&line, "%s: %s", json_string(json_member(document, "status")),
               json_string(json_member(document, "description")));
    say(queen, buf_str(&line));
    buf_clear(&line);
    arena_clear(&arena);
}

void inspect_request(struct node *queen, const char *method, const char *path, const char *body)
{
    struct http_response response;
    char line[300];
    queen_ask(queen, method, path, body, &response);
    snprintf(line, sizeof line, "%s %s: %d", method, path, response.status);
    say(queen, line);
    buf_clear(&response.body);
}
