/* err.h - one list of errors, and the sentence that goes with one.
 *
 * Functions return `enum err`. The layer that finds the fault writes one sentence into the caller's errbuf; whoever
 * handles it logs that sentence once. */
#ifndef SKEP_ERR_H
#define SKEP_ERR_H

#include "base.h"

/* X(symbol, name): the name is what counters, logs and JSON show. */
#define ERRORS(X)                     \
    X(OK, "ok")                       \
    X(ERR_NOMEM, "out_of_memory")     \
    X(ERR_SYNTAX, "syntax")           \
    X(ERR_UTF8, "not_utf8")           \
    X(ERR_DEPTH, "too_deep")          \
    X(ERR_DUPLICATE, "duplicate_key") \
    X(ERR_TOO_LARGE, "too_large")     \
    X(ERR_TYPE, "wrong_type")         \
    X(ERR_RANGE, "out_of_range")      \
    X(ERR_MISSING, "missing_field")   \
    X(ERR_ID, "bad_id")               \
    X(ERR_MISMATCH, "wrong_id")       \
    X(ERR_TOPIC, "wrong_topic")       \
    X(ERR_UNKNOWN, "unknown_name")    \
    X(ERR_NOT_FOUND, "not_found")     \
    X(ERR_AMBIGUOUS, "ambiguous")     \
    X(ERR_CONFLICT, "conflict")       \
    X(ERR_FULL, "full")               \
    X(ERR_REFUSED, "refused")         \
    X(ERR_UNREACHABLE, "unreachable") \
    X(ERR_TIMEOUT, "timed_out")       \
    X(ERR_IO, "io")                   \
    X(ERR_STATE, "wrong_state")       \
    X(ERR_RATIONED, "rationed")

#define X(symbol, name) symbol,
enum err { ERRORS(X) ERR_COUNT };
#undef X

/* The name of an error; "unknown" for a value that is none. */
const char *err_name(enum err err);

#define ERRBUF_SIZE 320

/* One sentence. Zero-initialise it: `struct errbuf e = { 0 };`. */
struct errbuf {
    char text[ERRBUF_SIZE];
};

/* Writes the sentence (cut to fit; NULL `e` is fine; e->text may be an argument) and returns `err`, so that a fault
 * reads `return err_set(e, ERR_RANGE, "port %ld: must be 1 to 65535", port);`. */
enum err err_set(struct errbuf *e, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
