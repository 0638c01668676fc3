/* word_list.h - strings in an arena, as exec takes them: the words or the environment of a process to be started. */
#ifndef SKEP_WORD_LIST_H
#define SKEP_WORD_LIST_H

#include "arena.h"

/* Initialise it with an arena. */
struct word_list {
    struct arena *arena;
    char **at; /* in the arena, ended by NULL; NULL while it is empty */
    size_t count, size;
    bool failed; /* no memory; looked at once, at the end */
};

/* The word is borrowed as long as the list is used; NULL fails the list, so that arena_printf may stand in the call. */
void word_list_add(struct word_list *list, char *word);
void word_list_add_all(struct word_list *list, char *const *words); /* ended by NULL */

/* One of the prefixes, which are ended by NULL. */
bool word_begins_with(const char *word, const char *const *prefixes);

#endif
