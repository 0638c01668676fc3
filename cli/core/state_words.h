/* state_words.h - how states look, and what the words of a verdict mean. Pure. */
#ifndef SKEP_CLI_STATE_WORDS_H
#define SKEP_CLI_STATE_WORDS_H

#include "vocabulary.h"

/* Of a worker's state or a hive's, by its name: the SGR numbers, the meaning. NULL for an unknown one (or NULL). */
const char *state_word_style(const char *state);
const char *state_word_meaning(const char *state);

#endif
