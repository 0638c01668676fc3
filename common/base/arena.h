/* arena.h - memory for what dies together: allocate, use, reset. Not thread-safe.
 *
 * One block is kept over a reset, so that steady use costs no malloc. */
#ifndef SKEP_ARENA_H
#define SKEP_ARENA_H

#include <stdarg.h>

#include "text.h"

struct arena_block;

/* Zero-initialise it, but for the limit. */
struct arena {
    struct arena_block *blocks; /* newest first */
    struct arena_cleanup *cleanups;
    size_t used;      /* bytes handed out since the last reset */
    size_t limit;     /* allocations beyond it fail; 0 = none */
    bool was_limited; /* ... and one did since the last reset: it was the limit, not the memory */
};

/* 16-byte aligned, not zeroed; NULL when memory or the limit is used up. Lives until arena_reset. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_zalloc(struct arena *arena, size_t size);

/* A terminated copy, or NULL. */
char *arena_copy(struct arena *arena, struct text t);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Calls `fn(object)` when the arena is reset or cleared, last come first. False: no memory, nothing was registered. */
bool arena_on_reset(struct arena *arena, void (*fn)(void *object), void *object) MUST_CHECK;

/* Runs the cleanups and makes all memory available again; pointers into the arena are dead. */
void arena_reset(struct arena *arena);

/* Frees everything; the arena may be used again. */
void arena_clear(struct arena *arena);

#endif
