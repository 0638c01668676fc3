/* argv_split.h - a command line as words, by POSIX quoting: no shell, no expansion. Pure. */
#ifndef SKEP_ARGV_SPLIT_H
#define SKEP_ARGV_SPLIT_H

#include "arena.h"

/* 'single' and "double" quotes and \ as in POSIX (XCU 2.2); everything else is literal: no variables, globs, pipes.
 * *ret is NULL-terminated and lives in the arena, *ret_count words (may be 0). ERR_SYNTAX for a quote that is not
 * closed or a \ at the end; ERR_NOMEM. */
enum err argv_split(struct arena *arena, struct text line, char ***ret, size_t *ret_count, struct errbuf *e);

#endif
