#include "state_words.h"

static const char *const styles[STATE_COUNT] = {
    [STATE_UNVERIFIED] = "36", [STATE_ONLINE] = "32", [STATE_SUSPECT] = "33",     [STATE_STALE] = "31",
    [STATE_ZOMBIE] = "35",     [STATE_OFFLINE] = "2", [STATE_UNREACHABLE] = "31",
};

const char *state_word_style(const char *name)
{
    enum state state = state_of_name(name);
    return styles[state != STATE_NONE ? state : state_of_hive_name(name)];
}

const char *state_word_meaning(const char *name)
{
    enum state state = state_of_name(name);
    return state != STATE_NONE ? state_meaning(state, false) : state_meaning(state_of_hive_name(name), true);
}
