#include "arena.h"

#include <stdio.h>
#include <stdlib.h>

#define ALIGNMENT 16
#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_ALLOCATION ((size_t)PTRDIFF_MAX / 4)

struct arena_block {
    struct arena_block *older;
    size_t size, used; /* of bytes */
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena_cleanup {
    struct arena_cleanup *older;
    void (*fn)(void *object);
    void *object;
};

/* The newest block is the one that a reset keeps: making it larger than all that was used so far lets the arena settle
 * on a single block after a few rounds. */
static struct arena_block *block_push(struct arena *arena, size_t need)
{
    size_t size = arena->used < LARGEST_ALLOCATION ? 2 * arena->used + need : need;
    size = size < FIRST_BLOCK ? FIRST_BLOCK : size;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->older = arena->blocks;
    block->size = size;
    block->used = 0;
    arena->blocks = block;
    return block;
}

static void blocks_free(struct arena_block *block)
{
    while (block) {
        struct arena_block *older = block->older;
        free(block);
        block = older;
    }
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > LARGEST_ALLOCATION)
        return NULL;
    size_t need = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (arena->limit > 0 && arena->used + need > arena->limit) {
        arena->was_limited = true;
        return NULL;
    }
    struct arena_block *block = arena->blocks;
    if (!block || need > block->size - block->used) {
        block = block_push(arena, need);
        if (!block)
            return NULL;
    }
    void *at = block->bytes + block->used;
    block->used += need;
    arena->used += need;
    return at;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    void *at = arena_alloc(arena, size);
    return at ? memset(at, 0, size) : NULL;
}

char *arena_copy(struct arena *arena, struct text t)
{
    char *copy = t.len < SIZE_MAX ? arena_alloc(arena, t.len + 1) : NULL;
    if (!copy)
        return NULL;
    if (t.len > 0)
        memcpy(copy, t.at, t.len);
    copy[t.len] = '\0';
    return copy;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list args)
{
    va_list measured;
    va_copy(measured, args);
    int len = vsnprintf(NULL, 0, format, measured);
    va_end(measured);
    char *at = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (at)
        vsnprintf(at, (size_t)len + 1, format, args);
    return at;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *at = arena_vprintf(arena, format, args);
    va_end(args);
    return at;
}

bool arena_on_reset(struct arena *arena, void (*fn)(void *object), void *object)
{
    struct arena_cleanup *cleanup = arena_alloc(arena, sizeof *cleanup);
    if (!cleanup)
        return false;
    *cleanup = (struct arena_cleanup){ arena->cleanups, fn, object };
    arena->cleanups = cleanup;
    return true;
}

static void cleanups_run(struct arena *arena)
{
    while (arena->cleanups) {
        struct arena_cleanup *cleanup = arena->cleanups;
        arena->cleanups = cleanup->older;
        cleanup->fn(cleanup->object);
    }
}

void arena_reset(struct arena *arena)
{
    cleanups_run(arena);
    arena->used = 0;
    arena->was_limited = false;
    if (arena->blocks) {
        blocks_free(arena->blocks->older);
        arena->blocks->older = NULL;
        arena->blocks->used = 0;
    }
}

void arena_clear(struct arena *arena)
{
    cleanups_run(arena);
    blocks_free(arena->blocks);
    *arena = (struct arena){ .limit = arena->limit };
}
