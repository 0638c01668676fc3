#include "intern.h"

#include <stddef.h>
#include <stdlib.h>

#include "keyed_hash.h"

struct interned {
    UT_hash_handle hh;
    size_t uses;
    char text[];
};

const char intern_full[] = "";

static void release(struct intern *intern, const char *text)
{
    struct interned *word;
    if (!text || text == intern_full)
        return;
    word = (struct interned *)(text - offsetof(struct interned, text));
    if (--word->uses > 0)
        return;
    HASH_DELETE(hh, intern->by_text, word);
    intern->count--;
    free(word);
}

static struct interned *add(struct intern *intern, const char *text, size_t len)
{
    struct interned *word;
    if (intern->count >= INTERN_MAX || !(word = calloc(1, sizeof *word + len + 1)))
        return NULL;
    memcpy(word->text, text, len);
    HASH_ADD_KEYPTR(hh, intern->by_text, word->text, len, word);
    if (!word->hh.tbl) {
        free(word);
        return NULL;
    }
    intern->count++;
    return word;
}

static const char *take(struct intern *intern, const char *text)
{
    size_t len = strlen(text);
    struct interned *word;
    HASH_FIND(hh, intern->by_text, text, len, word);
    if (!word && !(word = add(intern, text, len)))
        return intern_full;
    word->uses++;
    return word->text;
}

void intern_set(struct intern *intern, const char **slot, const char *text)
{
    const char *before = *slot;
    if (text && before && before != intern_full && strcmp(before, text) == 0)
        return;
    *slot = text ? take(intern, text) : NULL;
    release(intern, before);
}

void intern_clear(struct intern *intern)
{
    struct interned *word, *after;
    HASH_ITER(hh, intern->by_text, word, after)
    {
        HASH_DELETE(hh, intern->by_text, word);
        free(word);
    }
    intern->count = 0;
}
