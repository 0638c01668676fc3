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
#define X(symbol, name) [INCIDENT_##symbol] = { name, NULL },
static const struct word incident_kinds[] = { INCIDENT_KINDS(X) };
static const struct word incident_classes[] = { INCIDENT_CLASSES(X) };
#undef X
#define X(symbol, name, meaning) [INCIDENT_##symbol] = { name, meaning },
static const struct word incident_ends[] = { INCIDENT_ENDS(X) };
#undef X
#define X(symbol, name, sentence) [RESULT_##symbol] = { name, sentence },
static const struct word results[] = { EVIDENCE_RESULTS(X) };
#undef X
#define X(symbol, name, fault) [VERIFY_##symbol] = { name, fault },
static const struct word verify_results[] = { VERIFY_RESULTS(X) };
#undef X

#define DEFINE_WORD(function, type, words, part, otherwise)                        \
    const char *function(type value)                                               \
    {                                                                              \
        return (size_t)value < ARRAY_LEN(words) ? words[value].part : (otherwise); \
    }
DEFINE_WORD(state_name, enum state, states, name, "unknown")
DEFINE_WORD(state_name_of_hive, enum state, hive_states, name, NULL)
DEFINE_WORD(cause_name, enum cause, causes, name, "none")
DEFINE_WORD(cause_meaning, enum cause, causes, meaning, NULL)
DEFINE_WORD(evidence_path_name, enum evidence_path, paths, name, "none")
DEFINE_WORD(evidence_result_name, enum evidence_result, results, name, "none")
DEFINE_WORD(evidence_sentence, enum evidence_result, results, meaning, "")
DEFINE_WORD(verify_result_name, enum verify_result, verify_results, name, NULL)
DEFINE_WORD(incident_kind_name, enum incident_kind, incident_kinds, name, NULL)
DEFINE_WORD(incident_class_name, enum incident_class, incident_classes, name, NULL)
DEFINE_WORD(incident_end_name, enum incident_end, incident_ends, name, NULL)
DEFINE_WORD(verify_result_fault, enum verify_result, verify_results, meaning, NULL)

static unsigned find(const struct word *words, unsigned count, const char *name)
{
    for (unsigned i = 0; name && i < count; i++)
        if (words[i].name && strcmp(words[i].name, name) == 0)
            return i;
    return count;
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

enum cause cause_of_name(const char *name)
{
    return find(causes, CAUSE_COUNT, name);
}

enum evidence_path evidence_path_of_name(const char *name)
{
    return find(paths, EVIDENCE_PATH_COUNT, name) % EVIDENCE_PATH_COUNT;
}

enum evidence_result evidence_result_of_name(const char *name)
{
    return find(results, EVIDENCE_RESULT_COUNT, name) % EVIDENCE_RESULT_COUNT;
}

enum incident_kind incident_kind_of_name(const char *name)
{
    return find(incident_kinds, INCIDENT_KIND_COUNT, name);
}

enum incident_class incident_class_of_name(const char *name)
{
    return find(incident_classes, INCIDENT_CLASS_COUNT, name);
}

enum incident_end incident_end_of_name(const char *name)
{
    return find(incident_ends, INCIDENT_END_COUNT, name) % INCIDENT_END_COUNT;
}

enum verify_result verify_result_of_name(const char *name)
{
    return find(verify_results, VERIFY_RESULT_COUNT, name);
}
