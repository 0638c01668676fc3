#include "state_words.h"

#include <string.h>

static const struct word {
    const char *name, *style, *meaning;
} states[] = {
#define X(name, style, meaning) { name, style, meaning },
    WORKER_STATES(X) HIVE_STATES(X)
#undef X
}, causes[] = {
#define X(name, meaning) { name, NULL, meaning },
    VERDICT_CAUSES(X)
#undef X
};

static const struct word *find(const struct word *words, size_t count, const char *name)
{
    for (size_t i = 0; name && i < count; i++)
        if (strcmp(words[i].name, name) == 0)
            return &words[i];
    return NULL;
}

const char *state_style(const char *state)
{
    const struct word *word = find(states, ARRAY_LEN(states), state);
    return word ? word->style : NULL;
}

const char *state_meaning(const char *state)
{
    const struct word *word = find(states, ARRAY_LEN(states), state);
    return word ? word->meaning : NULL;
}

const char *cause_meaning(const char *cause)
{
    const struct word *word = find(causes, ARRAY_LEN(causes), cause);
    return word ? word->meaning : NULL;
}
