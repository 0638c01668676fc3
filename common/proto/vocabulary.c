#include "vocabulary.h"

#include <string.h>

struct word {
    const char *name, *meaning;
};

#define X(symbol, name, of_hive, meaning, hive_meaning) [STATE_##symbol] = { name, meaning },
static const struct word states[] = { STATES(X) };
#undef X
#define X(symbol, name, of_hive, meaning, hive_meaning) [STATE_##symbol] = { of_hive, hive_meaning },
static const struct word hive_states[] = { STATES(X) };
#undef X
#define X(symbol, name, meaning) [CAUSE_##symbol] = { name, meaning },
static const struct word causes[] = { CAUSES(X) };
#undef X
#define X(symbol, name) [PATH_##symbol] = { name, NULL },
static const struct word paths[] = { EVIDENCE_PATHS(X) };
#undef X
#define X(symbol, name, sentence) [RESULT_##symbol] = { name, sentence },
static const struct word results[] = { EVIDENCE_RESULTS(X) };
#undef X
#define X(symbol, name, fault) [VERIFY_##symbol] = { name, fault },
static const struct word verify_results[] = { VERIFY_RESULTS(X) };
#undef X

static unsigned find(const struct word *words, unsigned count, const char *name)
{
    for (unsigned i = 0; name && i < count; i++)
        if (words[i].name && strcmp(words[i].name, name) == 0)
            return i;
    return count;
}

const char *state_name(enum state state)
{
    return (unsigned)state < STATE_COUNT ? states[state].name : "unknown";
}

const char *state_name_of_hive(enum state state)
{
    return (unsigned)state < STATE_COUNT ? hive_states[state].name : NULL;
}

const char *state_meaning(enum state state, bool of_hive)
{
    return of_hive ? hive_states[state].meaning : states[state].meaning;
}

enum state state_of_name(const char *name)
{
    return find(states, STATE_COUNT, name) % STATE_COUNT;
}

enum state state_of_hive_name(const char *name)
{
    return find(hive_states, STATE_COUNT, name) % STATE_COUNT;
}

const char *cause_name(enum cause cause)
{
    return (unsigned)cause < CAUSE_COUNT ? causes[cause].name : "none";
}

const char *cause_meaning(enum cause cause)
{
    return (unsigned)cause < CAUSE_COUNT ? causes[cause].meaning : NULL;
}

enum cause cause_of_name(const char *name)
{
    return find(causes, CAUSE_COUNT, name);
}

const char *evidence_path_name(enum evidence_path path)
{
    return (unsigned)path < EVIDENCE_PATH_COUNT ? paths[path].name : "none";
}

const char *evidence_result_name(enum evidence_result result)
{
    return (unsigned)result < EVIDENCE_RESULT_COUNT ? results[result].name : "none";
}

const char *evidence_sentence(enum evidence_result result)
{
    return (unsigned)result < EVIDENCE_RESULT_COUNT ? results[result].meaning : "";
}

const char *verify_result_name(enum verify_result result)
{
    return verify_results[result].name;
}

const char *verify_result_fault(enum verify_result result)
{
    return verify_results[result].meaning;
}

enum verify_result verify_result_of_name(const char *name)
{
    return find(verify_results, VERIFY_RESULT_COUNT, name);
}
