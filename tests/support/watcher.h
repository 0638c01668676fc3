/* watcher.h - an MQTT client that is not ours (paho): keeps what it receives, publishes and sends requests. A topic is
 * given by its end, a message by texts that its payload holds; with a '!' in front, by one that it does not hold.
 * Failures fail the running cmocka test, with what was received on that topic. */
#ifndef TEST_WATCHER_H
#define TEST_WATCHER_H

#include <stdbool.h>

struct watcher;

/* Connects and subscribes to `filter` at QoS 1. */
struct watcher *watcher_open(const char *uri, const char *filter);
void watcher_subscribe(struct watcher *watcher, const char *filter); /* one more */
void watcher_close(struct watcher *watcher);                         /* NULL is fine */

/* Waits until a message holds every one of the texts, which end with NULL. Only what came after the last message that
 * this function found counts. */
void watcher_await(struct watcher *watcher, const char *topic, const char *const *texts);
#define AWAIT_MESSAGE(watcher, topic, ...) watcher_await(watcher, topic, (const char *const[]){ __VA_ARGS__, NULL })

/* The same among all messages since the beginning, or only the latest of the topic. Returns the payload, borrowed until
 * watcher_close. */
const char *watcher_await_any(struct watcher *watcher, const char *topic, const char *const *texts);
const char *watcher_await_latest(struct watcher *watcher, const char *topic, const char *const *texts);

/* How many messages since the beginning hold `text`. */
unsigned watcher_count(struct watcher *watcher, const char *topic, const char *text);

void watcher_publish(struct watcher *watcher, const char *topic, const char *payload, bool retain);
void watcher_request(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic);
void watcher_request_within(struct watcher *watcher, const char *topic, const char *payload, const char *response_topic,
                            unsigned expiry_s); /* 0 = no expiry */

#endif
