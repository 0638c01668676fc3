#include "intern.h"

#include <stddef.h>
#include <stdlib.h>

#include "keyed_hash.h"
#include "rations.h"

struct interned {
    UT_hash_handle hh;
    size_t uses;
    struct share *share; /* of the hive that said it first */
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
    share_remove(intern->shares, word->share, RATION_WORDS, 1);
    free(word);
}

static struct interned *add(struct intern *intern, struct share *share, const char *text, size_t len)
{
    struct interned *word;
    if (intern->count >= INTERN_MAX || share->has[RATION_WORDS] >= RATION_WORDS_MAX ||
        !(word = calloc(1, sizeof *word + len + 1)))
        return NULL;
    memcpy(word->text, text, len);
    HASH_ADD_KEYPTR(hh, intern->by_text, word->text, len, word);
    if (!word->hh.tbl) {
        free(word);
        return NULL;
    }
    intern->count++;
    word->share = share;
    share_add(intern->shares, share, RATION_WORDS, 1);
    return word;
}

static const char *take(struct intern *intern, struct share *share, const char *text)
{
    size_t len = strlen(text);
    struct interned *word;
    HASH_FIND(hh, intern->by_text, text, len, word);
    if (!word && !(word = add(intern, share, text, len)))
        return intern_full;
    word->uses++;
    return word->text;
}

void intern_set(struct intern *intern, struct share *share, const char **slot, const char *text)
{
    const char *before = *slot;
    if (text && before && before != intern_full && strcmp(before, text) == 0)
        return;
    *slot = text ? take(intern, share, text) : NULL;
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
