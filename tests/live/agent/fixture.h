/* fixture.h - what every test of the agent starts from: a broker, a watcher of it, and the real agent. */
#ifndef TEST_AGENT_FIXTURE_H
#define TEST_AGENT_FIXTURE_H

#include "program.h"
#include "watcher.h"

/* For cmocka's group; *state is the broker. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

const char *fixture_broker_uri(void **state);

/* Watches all state and the replies to ask_worker. The caller closes it. */
struct watcher *fixture_watch(void **state);

/* Waits for a message of the worker `id` and the KIND (presence, heartbeat), or for a reply, among all messages or only
 * the latest; the texts, ended by NULL, as in watcher.h. Returns the payload, borrowed. */
const char *await_worker(struct watcher *watcher, const char *id, const char *kind, ...) __attribute__((sentinel));
const char *await_worker_latest(struct watcher *watcher, const char *id, const char *kind, ...)
    __attribute__((sentinel));
const char *await_reply(struct watcher *watcher, ...) __attribute__((sentinel));

unsigned count_of_worker(struct watcher *watcher, const char *id, const char *kind, const char *text);

/* Sends the worker a request; 0 = it does not expire. */
void ask_worker(struct watcher *watcher, const char *id, const char *method, const char *params, unsigned expiry_s);

/* Starts the agent of the worker `id` at the fixture's broker with further words, ended by NULL. */
void agent_start(void **state, struct program *agent, const char *id, ...) __attribute__((sentinel));

/* As above, with variables in its environment and a pipe to its standard input. */
void agent_start_with(void **state, struct program *agent, const char *const *environment, const char *id, ...)
    __attribute__((sentinel));

#endif
