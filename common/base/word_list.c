#include "word_list.h"

void word_list_add(struct word_list *list, char *word)
{
    if (list->count + 1 >= list->size) {
        size_t size = list->size ? 2 * list->size : 32;
        char **grown = arena_alloc(list->arena, size * sizeof *grown);
        if (!grown) {
            list->failed = true;
            return;
        }
        if (list->count)
            memcpy(grown, list->at, list->count * sizeof *grown);
        list->at = grown;
        list->size = size;
    }
    list->failed |= !word;
    list->at[list->count++] = word;
    list->at[list->count] = NULL;
}

void word_list_add_all(struct word_list *list, char *const *words)
{
    for (; *words; words++)
        word_list_add(list, *words);
}

bool word_begins_with(const char *word, const char *const *prefixes)
{
    for (; *prefixes; prefixes++)
        if (strncmp(word, *prefixes, strlen(*prefixes)) == 0)
            return true;
    return false;
}
