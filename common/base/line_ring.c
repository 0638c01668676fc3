#include "line_ring.h"

#include <stdlib.h>

void line_ring_clear(struct line_ring *ring)
{
    free(ring->at);
    *ring = (struct line_ring){ .bytes_max = ring->bytes_max, .lines_max = ring->lines_max };
}

struct text line_ring_oldest(const struct line_ring *ring)
{
    struct text all = line_ring_all(ring);
    const char *end = ring->lines > 0 ? memchr(all.at, '\n', all.len) : NULL;
    return end ? (struct text){ all.at, (size_t)(end - all.at) + 1 } : (struct text){ NULL, 0 };
}

struct text line_ring_head(const struct line_ring *ring, size_t max)
{
    struct text all = line_ring_all(ring);
    const char *end;
    if (ring->lines == 0)
        return (struct text){ NULL, 0 };
    if (all.len <= max)
        return all;
    end = memrchr(all.at, '\n', max);
    return (struct text){ all.at, end ? (size_t)(end - all.at) + 1 : max };
}

void line_ring_take(struct line_ring *ring, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        ring->lines -= ring->at[ring->begin + i] == '\n';
    ring->begin += bytes;
    if (ring->begin == ring->end)
        ring->begin = ring->end = 0; /* the same pages again and again */
}

static bool is_full(const struct line_ring *ring, size_t more)
{
    return ring->end - ring->begin + more > ring->bytes_max || (ring->lines_max && ring->lines == ring->lines_max);
}

/* With room for twice the lines they are moved once for each time that all of them were replaced. */
static void make_room(struct line_ring *ring, size_t more)
{
    while (ring->lines > 0 && is_full(ring, more)) {
        line_ring_take(ring, line_ring_oldest(ring).len);
        ring->lost++;
    }
    if (ring->end + more <= 2 * ring->bytes_max)
        return;
    memmove(ring->at, ring->at + ring->begin, ring->end - ring->begin);
    ring->end -= ring->begin;
    ring->begin = 0;
}

void line_ring_add(struct line_ring *ring, struct text line)
{
    size_t len = line.len < ring->bytes_max ? line.len : ring->bytes_max - 1;
    if (!ring->at && !(ring->at = malloc(2 * ring->bytes_max))) {
        ring->lost++;
        return;
    }
    make_room(ring, len + 1);
    if (len > 0)
        memcpy(ring->at + ring->end, line.at, len);
    ring->at[ring->end + len] = '\n';
    ring->end += len + 1;
    ring->lines++;
}
