#include "words.h"

static enum err add(struct arena *arena, struct words *words, struct text word)
{
    if (words->count == WORDS_MAX - 1)
        return ERR_TOO_LARGE;
    words->at[words->count] = arena_copy(arena, word);
    return words->at[words->count++] ? OK : ERR_NOMEM;
}

static void take_payload(struct arena *arena, const char **line, struct words *words)
{
    if (**line == '{') {
        words->payload = arena_copy(arena, text_of(*line));
        *line += strlen(*line);
    } else if (**line == '\'' && strchr(*line + 1, '\'')) {
        struct text rest = text_of(*line + 1);
        words->payload = arena_copy(arena, text_split(&rest, '\''));
        *line = rest.at;
    }
}

enum err words_split(struct arena *arena, const char *line, struct words *ret)
{
    struct words words = { 0 };
    enum err err = OK;
    while (err == OK && *(line += strspn(line, " "))) {
        size_t len = strcspn(line, " ");
        take_payload(arena, &line, &words);
        if (words.payload)
            continue;
        err = add(arena, &words, (struct text){ line, len });
        line += len;
    }
    if (err == OK)
        *ret = words;
    return err;
}

const char *words_at(const struct words *words, size_t i)
{
    return i < words->count ? words->at[i] : "";
}

bool words_has(const struct words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->at[i], word) == 0)
            return true;
    return false;
}

const char *words_value(const struct words *words, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < words->count; i++)
        if (strncmp(words->at[i], key, len) == 0 && words->at[i][len] == '=')
            return words->at[i] + len + 1;
    return NULL;
}

const char *words_text(const struct words *words, const char *key, const char *fallback)
{
    const char *value = words_value(words, key);
    return value ? value : fallback;
}

ms_t words_duration(const struct words *words, const char *key, ms_t fallback)
{
    ms_t duration = fallback;
    (void)text_to_duration(text_of(words_value(words, key)), &duration);
    return duration;
}

int64_t words_number(const struct words *words, const char *key, int64_t fallback)
{
    int64_t number = fallback;
    (void)text_to_int(text_of(words_value(words, key)), &number);
    return number;
}
