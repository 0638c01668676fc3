/* line_ring.h - the latest lines of a stream, bounded in bytes and in number: the oldest give way. Pure. */
#ifndef SKEP_LINE_RING_H
#define SKEP_LINE_RING_H

#include "text.h"

/* Set the two limits and leave the rest zero. */
struct line_ring {
    size_t bytes_max;   /* of all lines, with their ends; a longer line is cut */
    unsigned lines_max; /* 0 = no limit */
    char *at;           /* of twice bytes_max, so that lines lie in one piece; NULL before the first line */
    size_t begin, end;  /* of the lines, each with its \n */
    unsigned lines;
    uint64_t lost; /* lines that gave way before they were taken, or that memory did not suffice for */
};

void line_ring_clear(struct line_ring *ring);

/* `line` is copied; it has no \n. */
void line_ring_add(struct line_ring *ring, struct text line);

/* The oldest line with its \n; absent: there is none. Borrowed until the next change. */
struct text line_ring_oldest(const struct line_ring *ring);

/* The oldest lines that are no longer than `max` together; a longer one in part. Absent and borrowed as above. */
struct text line_ring_head(const struct line_ring *ring, size_t max);

/* Takes the first `bytes` away, as they were written elsewhere: lines, and of the next one a part. */
void line_ring_take(struct line_ring *ring, size_t bytes);

/* All lines, oldest first, each with its \n. Borrowed until the next change. */
static inline struct text line_ring_all(const struct line_ring *ring)
{
    return (struct text){ ring->at ? ring->at + ring->begin : "", ring->end - ring->begin };
}

#endif
