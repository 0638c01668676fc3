/* device_words.h - what a device's payload says of it: a plain word, or a value in a JSON document. Pure. */
#ifndef SKEP_DEVICE_WORDS_H
#define SKEP_DEVICE_WORDS_H

#include "arena.h"

/* X(symbol, the key that lists its words) */
#define DEVICE_STATES(X)  \
    X(ONLINE, "online")   \
    X(OFFLINE, "offline") \
    X(GOODBYE, "goodbye")

#define X(symbol, key) DEVICE_##symbol,
enum device_state { DEVICE_STATES(X) DEVICE_STATE_COUNT };
#undef X

#define DEVICE_WORDS_MAX 8 /* of one state */
#define DEVICE_WORD_MAX 255

/* `Online`: the payload is that. `/state online`: it is JSON, and what the pointer (RFC 6901) finds is that string,
 * number, true or false. */
struct device_word {
    struct text pointer; /* absent: a plain word */
    struct text value;
};

struct device_words {
    struct device_word of[DEVICE_STATE_COUNT][DEVICE_WORDS_MAX];
    unsigned count[DEVICE_STATE_COUNT];
};

/* Borrows the text. ERR_SYNTAX, ERR_TOO_LARGE, with a sentence. */
enum err device_word_parse(struct text text, struct device_word *ret, struct errbuf *e);

/* What the payload says; blanks around it do not count. DEVICE_STATE_COUNT: nothing that is listed. `arena` is for the
 * document. */
enum device_state device_words_read(const struct device_words *words, struct text payload, struct arena *arena);

#endif
