#include "device_words.h"

#include "json_pointer.h"

enum err device_word_parse(struct text text, struct device_word *ret, struct errbuf *e)
{
    struct device_word word = { .value = text };
    if (text.len == 0 || text.len > DEVICE_WORD_MAX)
        return err_set(e, ERR_TOO_LARGE, "must have 1 to %d bytes", DEVICE_WORD_MAX);
    if (text.at[0] == '/') {
        word.pointer = text_split(&word.value, ' ');
        word.value = text_trim(word.value);
    }
    if (word.value.len == 0)
        return err_set(e, ERR_SYNTAX, "a JSON pointer needs the value that it finds, e.g. /state online");
    *ret = word;
    return OK;
}

static bool value_is(const struct json_value *value, struct text want)
{
    int64_t number;
    switch (value->type) {
    case JSON_STRING:
        return text_equal(value->string, want);
    case JSON_NUMBER:
        return text_to_int(want, &number) == OK && value->number == (double)number;
    case JSON_TRUE:
        return text_is(want, "true");
    case JSON_FALSE:
        return text_is(want, "false");
    default:
        return false;
    }
}

static bool word_is(const struct device_word *word, struct text payload, const struct json_value *document)
{
    const struct json_value *value;
    if (!word->pointer.at)
        return text_equal(payload, word->value);
    value = document ? json_pointer_find(document, word->pointer) : NULL;
    return value && value_is(value, word->value);
}

enum device_state device_words_read(const struct device_words *words, struct text payload, struct arena *arena)
{
    const struct json_value *document = NULL;
    payload = text_trim(payload);
    if (payload.len > 0 && (payload.at[0] == '{' || payload.at[0] == '['))
        (void)json_scan_foreign(arena, payload, &document, NULL); /* what is no JSON has no values */
    for (enum device_state state = 0; state < DEVICE_STATE_COUNT; state++)
        for (unsigned i = 0; i < words->count[state]; i++)
            if (word_is(&words->of[state][i], payload, document))
                return state;
    return DEVICE_STATE_COUNT;
}
