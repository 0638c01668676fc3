/* world_script.h - inputs of the targets that drive a core: scripts, which people can read and write.
 *
 * Records are divided by the byte 0x1e. The first byte of a record says what it is, the rest of its first line what it
 * concerns, and what follows the line is its payload. The record *8 has the next one come eight times. */
#ifndef SKEP_FUZZ_SCRIPT_H
#define SKEP_FUZZ_SCRIPT_H

#include "text.h"

struct script_record {
    char kind;
    struct text line, payload; /* never absent */
};

/* Initialise `rest` with the input. */
struct script {
    struct text rest;
    struct script_record last;
    int64_t more; /* how often the last one comes again */
};

/* False: there is no other. Empty records are passed over. */
bool script_next(struct script *script, struct script_record *ret);

/* The next part of a line, up to a tabulator; absent when there is none. */
struct text script_part(struct text *line);

/* A number as scripts write it; `fallback` when there is none, else cut to 0..max. */
int64_t script_number(struct text text, int64_t fallback, int64_t max);

/* LLVMFuzzerCustomMutator for scripts: adds, replaces, repeats, swaps and removes whole records, or has libFuzzer
 * change bytes of one. New ones are made by one row of `grammar`, which ends with NULL: of <a|b|c> one part is taken,
 * also within a part, and of a row as well. */
size_t script_mutate(const char *const *grammar, uint8_t *bytes, size_t len, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed);

#endif
