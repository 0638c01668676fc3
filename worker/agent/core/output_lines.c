#include "output_lines.h"

#define LAST_BYTES (64 * 1024)
#define LAST_LINES 200
#define WAITING_BYTES (64 * 1024)

void output_lines_init(struct output_lines *lines)
{
    *lines = (struct output_lines){ .last = { .bytes_max = LAST_BYTES, .lines_max = LAST_LINES },
                                    .waiting = { .bytes_max = WAITING_BYTES },
                                    .waits_since = MS_NEVER };
}

void output_lines_clear(struct output_lines *lines)
{
    line_ring_clear(&lines->last);
    line_ring_clear(&lines->waiting);
}

static void add_line(struct output_lines *lines, ms_t now)
{
    struct text line = { lines->part, lines->part_len };
    line_ring_add(&lines->last, line);
    line_ring_add(&lines->waiting, line);
    lines->part_len = 0;
    if (lines->waits_since == MS_NEVER)
        lines->waits_since = now;
}

void output_lines_take(struct output_lines *lines, struct text bytes, ms_t now)
{
    while (bytes.len > 0) {
        const char *end = memchr(bytes.at, '\n', bytes.len);
        size_t len = end ? (size_t)(end - bytes.at) : bytes.len, room = sizeof lines->part - lines->part_len;
        bool is_cut = len > room;
        len = is_cut ? room : len;
        memcpy(lines->part + lines->part_len, bytes.at, len);
        lines->part_len += len;
        if (end || is_cut)
            add_line(lines, now);
        len += end && !is_cut;
        bytes = (struct text){ bytes.at + len, bytes.len - len };
    }
}

void output_lines_end(struct output_lines *lines, ms_t now)
{
    if (lines->part_len > 0)
        add_line(lines, now);
}

void output_lines_passed(struct output_lines *lines, size_t bytes)
{
    line_ring_take(&lines->waiting, bytes);
    if (lines->waiting.lines == 0)
        lines->waits_since = MS_NEVER;
}

ms_t output_lines_pause(const struct output_lines *lines, ms_t now)
{
    return lines->waits_since == MS_NEVER ? 0 : ms_max(lines->waits_since + OUTPUT_DELAY_MAX_MS - now, 0);
}
