/* fixture.h - what every test of the agent starts from: a broker, an observer, and the real agent. */
#ifndef TEST_AGENT_FIXTURE_H
#define TEST_AGENT_FIXTURE_H

#include "observer.h"
#include "program.h"

/* For cmocka's group; *state is the broker. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

const char *fixture_broker_uri(void **state);

/* Starts the agent of the worker `id` at the fixture's broker with further words, ended by NULL. */
void agent_start(void **state, struct program *agent, const char *id, ...) __attribute__((sentinel));

/* As above, with variables in its environment and a pipe to its standard input. */
void agent_start_with(void **state, struct program *agent, const char *const *environment, const char *id, ...)
    __attribute__((sentinel));

#endif
