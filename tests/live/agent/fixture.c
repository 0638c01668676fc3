#include "fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker.h"

#define WORDS_MAX 32
#define TEXTS_MAX 8
#define REPLIES "skep/v1-rpc/reply/watcher"

int fixture_setup(void **state)
{
    signal(SIGPIPE, SIG_IGN);
    *state = broker_start(NULL);
    if (!*state)
        return -1;
    return setenv("XDG_RUNTIME_DIR", broker_folder(*state), 1); /* where a killed agent leaves its socket */
}

int fixture_teardown(void **state)
{
    broker_free(*state);
    return 0;
}

const char *fixture_broker_uri(void **state)
{
    return broker_uri(*state);
}

struct watcher *fixture_watch(void **state)
{
    struct watcher *watcher = watcher_open(fixture_broker_uri(state), "skep/v1/#");
    watcher_subscribe(watcher, REPLIES);
    return watcher;
}

typedef const char *await_fn(struct watcher *watcher, const char *topic, const char *const *texts);

static const char *await_texts(await_fn *await, struct watcher *watcher, const char *topic, va_list more)
{
    const char *texts[TEXTS_MAX];
    size_t count = 0;
    while ((texts[count] = va_arg(more, const char *)) != NULL)
        assert_true(++count < TEXTS_MAX);
    return await(watcher, topic, texts);
}

static const char *topic_of(char topic[128], const char *id, const char *kind)
{
    snprintf(topic, 128, "/worker/%s/%s", id, kind);
    return topic;
}

const char *await_worker(struct watcher *watcher, const char *id, const char *kind, ...)
{
    char topic[128];
    const char *found;
    va_list more;
    va_start(more, kind);
    found = await_texts(watcher_await_any, watcher, topic_of(topic, id, kind), more);
    va_end(more);
    return found;
}

const char *await_worker_latest(struct watcher *watcher, const char *id, const char *kind, ...)
{
    char topic[128];
    const char *found;
    va_list more;
    va_start(more, kind);
    found = await_texts(watcher_await_latest, watcher, topic_of(topic, id, kind), more);
    va_end(more);
    return found;
}

const char *await_reply(struct watcher *watcher, ...)
{
    const char *found;
    va_list more;
    va_start(more, watcher);
    found = await_texts(watcher_await_any, watcher, REPLIES, more);
    va_end(more);
    return found;
}

unsigned count_of_worker(struct watcher *watcher, const char *id, const char *kind, const char *text)
{
    char topic[128];
    return watcher_count(watcher, topic_of(topic, id, kind), text);
}

void ask_worker(struct watcher *watcher, const char *id, const char *method, const char *params, unsigned expiry_s)
{
    char topic[160];
    snprintf(topic, sizeof topic, "skep/v1-rpc/hive/default/worker/%s/%s", id, method);
    watcher_request_within(watcher, topic, params, REPLIES, expiry_s);
}

static void start(void **state, struct program *agent, const char *const *environment, bool with_input, const char *id,
                  va_list more)
{
    const char *words[WORDS_MAX] = { AGENT_PROGRAM, "--broker", fixture_broker_uri(state), "--id", id };
    size_t count = 5;
    while ((words[count] = va_arg(more, const char *)) != NULL)
        assert_true(++count < WORDS_MAX);
    program_start(agent, words, environment, with_input);
}

void agent_start(void **state, struct program *agent, const char *id, ...)
{
    va_list more;
    va_start(more, id);
    start(state, agent, NULL, false, id, more);
    va_end(more);
}

void agent_start_with(void **state, struct program *agent, const char *const *environment, const char *id, ...)
{
    va_list more;
    va_start(more, id);
    start(state, agent, environment, true, id, more);
    va_end(more);
}
