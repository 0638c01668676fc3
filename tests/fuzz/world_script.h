/* world_script.h - inputs of the targets that drive a core: scripts, which people can read and write.
 *
 * Records are divided by the byte 0x1e. The first byte of a record says what it is, the rest of its first line what it
 * concerns, and what follows the line is its payload. What it says to the script itself:
 *
 *     *8           the next record comes eight times
 *     (5 ... )     what is between comes five times
 *     %#           anywhere in a record: how often it, or what is around it, came before
 *     %+           ... a thousand blanks */
#ifndef SKEP_FUZZ_SCRIPT_H
#define SKEP_FUZZ_SCRIPT_H

#include "text.h"

#define SCRIPT_RECORDS_MAX 1000  /* that are handed out */
#define SCRIPT_RECORD_SIZE 24000 /* with those written out */

struct script_record {
    char kind;
    struct text line, payload; /* never absent; good until the next one is taken */
};

/* Initialise `rest` with the input. */
struct script {
    struct text rest;
    struct text last;       /* the record that comes again */
    struct text group;      /* what follows the latest `(` */
    int64_t times, more;    /* how often the next one comes; and the last one again */
    int64_t number, rounds; /* so often it came; so often the group comes again */
    int64_t round;          /* ... and came */
    unsigned given;
    char text[SCRIPT_RECORD_SIZE];
};

/* False: there is no other. Empty records are passed over. */
bool script_next(struct script *script, struct script_record *ret);

/* The next part of a line, up to a tabulator; absent when there is none. */
struct text script_part(struct text *line);

/* A number as scripts write it; `fallback` when there is none, else cut to 0..max. */
int64_t script_number(struct text text, int64_t fallback, int64_t max);

/* LLVMFuzzerCustomMutator for scripts: adds, replaces, repeats, swaps and removes records or runs of them, puts another
 * number in the place of one, or has libFuzzer change bytes of one. New ones are made by one row of `grammar`, which
 * ends with NULL: of <a|b|c> one part is taken, also in a part, and of a row as well. A row may make several records.
 */
size_t script_mutate(const char *const *grammar, uint8_t *bytes, size_t len, size_t max, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t len, size_t max, unsigned seed);

/* Some records of one script among those of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_len, const uint8_t *other, size_t other_len,
                                 uint8_t *ret, size_t max, unsigned seed);

#endif
