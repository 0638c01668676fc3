#include "intern.h"

#include <stdlib.h>

#include "keyed_hash.h"
#include "rations.h"

struct interned {
    UT_hash_handle hh;
    size_t uses;
    struct word_use use;
    struct share *share; /* of the hive that said it first */
    unsigned number;
    char text[];
};

static void release(struct intern *intern, unsigned number)
{
    struct interned *word = number == INTERN_FULL ? NULL : intern->words[number];
    if (!word || --word->uses > 0)
        return;
    HASH_DELETE(hh, intern->by_text, word);
    intern->words[number] = NULL;
    intern->unused[intern->unused_count++] = (uint16_t)number;
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
    word->number = intern->unused_count > 0 ? intern->unused[--intern->unused_count] : (unsigned)intern->count + 1;
    intern->words[word->number] = word;
    intern->count++;
    word->share = share;
    share_add(intern->shares, share, RATION_WORDS, 1);
    return word;
}

static unsigned take(struct intern *intern, struct share *share, const char *text)
{
    size_t len = strlen(text);
    struct interned *word;
    HASH_FIND(hh, intern->by_text, text, len, word);
    if (!word && !(word = add(intern, share, text, len)))
        return INTERN_FULL;
    word->uses++;
    return word->number;
}

unsigned intern_swap(struct intern *intern, struct share *share, unsigned number, const char *text)
{
    const char *before = intern_text(intern, number);
    unsigned taken;
    if (text && before && strcmp(before, text) == 0)
        return number;
    taken = text ? take(intern, share, text) : 0;
    release(intern, number);
    return taken;
}

const char *intern_text(const struct intern *intern, unsigned number)
{
    const struct interned *word = number == INTERN_FULL ? NULL : intern->words[number];
    return word ? word->text : NULL;
}

struct word_use *intern_use(struct intern *intern, unsigned number)
{
    if (number == 0 || number == INTERN_FULL)
        return number == 0 ? &intern->none : &intern->full;
    return intern->words[number] ? &intern->words[number]->use : NULL;
}

void intern_clear(struct intern *intern)
{
    struct interned *word, *after;
    HASH_ITER(hh, intern->by_text, word, after)
    {
        HASH_DELETE(hh, intern->by_text, word);
        free(word);
    }
    intern->count = intern->unused_count = 0;
    memset(intern->words, 0, sizeof intern->words);
}
