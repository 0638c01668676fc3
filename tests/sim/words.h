/* words.h - a line of a script, cut into words: `worker w1 interval=10s {"a": 1}`. */
#ifndef SIM_WORDS_H
#define SIM_WORDS_H

#include "arena.h"

#define WORDS_MAX 12

struct words {
    const char *at[WORDS_MAX]; /* NULL behind the last */
    size_t count;
    const char *payload; /* the rest from the first `{` on, or what is between two '; NULL = none */
};

/* Lives in the arena. ERR_TOO_LARGE, ERR_NOMEM. */
enum err words_split(struct arena *arena, const char *line, struct words *ret);

/* The i-th word, "" if there is none. */
const char *words_at(const struct words *words, size_t i);

bool words_has(const struct words *words, const char *word);

/* The value of `key=value`; NULL if it is not given. The others: with a fallback. */
const char *words_value(const struct words *words, const char *key);
const char *words_text(const struct words *words, const char *key, const char *fallback);
ms_t words_duration(const struct words *words, const char *key, ms_t fallback);
int64_t words_number(const struct words *words, const char *key, int64_t fallback);

#endif
