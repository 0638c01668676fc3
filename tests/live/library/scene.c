#include "scene.h"

struct broker *broker;
struct watcher *watcher;

int scene_open(void **state)
{
    (void)state;
    broker = broker_start(NULL);
    watcher = broker ? watcher_open(broker_uri(broker), "#") : NULL;
    return watcher ? 0 : -1;
}

int scene_close(void **state)
{
    (void)state;
    watcher_close(watcher);
    broker_free(broker);
    return 0;
}

struct skep_worker *open_at(const char *uri, struct skep_worker_options options)
{
    struct skep_worker *worker = NULL;
    char error[200] = "";
    options.broker = uri;
    options.worker = "w";
    if (skep_worker_open(&options, &worker, error, sizeof error) != SKEP_OK)
        fail_msg("%s", error);
    return worker;
}

bool is_online(void *user)
{
    return skep_worker_is_online(user) != 0;
}

struct skep_worker *online_at(const char *uri)
{
    struct skep_worker_options options = SKEP_WORKER_OPTIONS_INIT;
    struct skep_worker *worker = open_at(uri, options);
    assert_true(await(is_online, worker, AWAIT_LIMIT));
    return worker;
}
