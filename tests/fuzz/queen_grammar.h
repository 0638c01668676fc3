/* queen_grammar.h - what may happen to a queen, for script_mutate: records of fuzz_routes.c, and rows of several that
 * together bring about what each alone would mostly not. */
#ifndef SKEP_FUZZ_QUEEN_GRAMMAR_H
#define SKEP_FUZZ_QUEEN_GRAMMAR_H

extern const char *const queen_grammar[];

#endif
