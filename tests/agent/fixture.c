#include "fixture.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker.h"

#define WORDS_MAX 32

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
