/* watcher.h - an MQTT client that is not ours (paho): writes down what it is told, publishes and asks. Failures fail
 * the running cmocka test. */
#ifndef TEST_WATCHER_H
#define TEST_WATCHER_H

#include <stdbool.h>

struct watcher;

/* Connects and subscribes to `filter` at QoS 1. */
struct watcher *watcher_open(const char *uri, const char *filter);
void watcher_close(struct watcher *watcher);

/* Waits until some message on a topic that ends in `topic` holds every one of the texts, NULL-terminated. Looks only at
 * what came after the last message that it found. */
void watcher_await(struct watcher *watcher, const char *topic, const char *const *texts);
#define AWAIT_MESSAGE(watcher, topic, ...) watcher_await(watcher, topic, (const char *const[]){ __VA_ARGS__, NULL })

/* How many messages so far, from the beginning, on a topic that ends in `topic` hold `text`. */
unsigned watcher_count(struct watcher *watcher, const char *topic, const char *text);

void watcher_publish(struct watcher *watcher, const char *topic, const char *payload, bool retain);
void watcher_request(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic);
void watcher_request_within(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic,
                            unsigned expiry_s); /* 0 = no expiry */

#endif
