/* observer.h - somebody who watches the broker and asks workers: keeps every message below skep/v1, and every reply,
 * and waits for one that fits. */
#ifndef TEST_OBSERVER_H
#define TEST_OBSERVER_H

struct observer;

/* Connects and subscribes, and returns when the retained messages are on the way. Fails the test if it cannot. */
struct observer *observer_new(const char *broker_uri);
void observer_free(struct observer *observer);

/* Waits for a message of skep/v1/hive/default/worker/ID/KIND that holds every one of the texts (ended by NULL) but
 * those that begin with '!'; messages that came before count too. Returns it, borrowed until observer_free. Fails the
 * test after a while. */
const char *observer_await(struct observer *observer, const char *id, const char *kind, ...) __attribute__((sentinel));

/* As above, but only the latest message counts. */
const char *observer_await_latest(struct observer *observer, const char *id, const char *kind, ...)
    __attribute__((sentinel));

/* Asks the worker over the broker; a reply is awaited by what it holds, as above. */
void observer_ask(struct observer *observer, const char *id, const char *method, const char *params, unsigned expiry_s);
const char *observer_await_reply(struct observer *observer, ...) __attribute__((sentinel));

/* How many messages of that topic hold the text. */
unsigned observer_count(const struct observer *observer, const char *id, const char *kind, const char *text);

#endif
