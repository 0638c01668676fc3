#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "line_reader.h"

#define LIMIT 8
#define TOO_LONG "!"

/* Reads `input` in pieces of `step` bytes, and writes the lines as "number:text|". */
static void read_in_pieces(const char *input, size_t step, struct buf *ret)
{
    struct line_reader reader;
    struct line line;
    size_t len = strlen(input);
    line_reader_init(&reader, LIMIT);
    for (size_t at = 0; at < len; at += step) {
        struct text rest = { input + at, step < len - at ? step : len - at };
        while (line_reader_next(&reader, &rest, &line))
            buf_printf(ret, "%d:%.*s|", (int)line.number, line.is_too_long ? 1 : (int)line.text.len,
                       line.is_too_long ? TOO_LONG : line.text.at);
    }
    if (line_reader_end(&reader, &line))
        buf_printf(ret, "%d:%.*s|", (int)line.number, line.is_too_long ? 1 : (int)line.text.len,
                   line.is_too_long ? TOO_LONG : line.text.at);
    assert_false(line_reader_end(&reader, &line));
    line_reader_clear(&reader);
}

static void streams(void **state)
{
    static const struct {
        const char *reason, *input, *lines;
    } rows[] = {
        { "nothing", "", "" },
        { "two lines", "a\nbc\n", "1:a|2:bc|" },
        { "the last one without an end", "a\nbc", "1:a|2:bc|" },
        { "empty lines count", "\n\na\n", "1:|2:|3:a|" },
        { "carriage returns", "a\r\nb\r\n", "1:a|2:b|" },
        { "as long as allowed", "12345678\r\nx\n", "1:12345678|2:x|" },
        { "one too long, the next is read", "123456789\nx\n", "1:!|2:x|" },
        { "very long, without an end", "1234567890123456789012345678901234567890", "1:!|" },
        { "long, then long again", "1234567890\n1234567890\nx", "1:!|2:!|3:x|" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (size_t step = 1; step <= 40; step++) {
            struct buf lines = BUF_INIT;
            read_in_pieces(rows[i].input, step, &lines);
            if (strcmp(buf_str(&lines), rows[i].lines) != 0)
                print_message("%s, in pieces of %d bytes\n", rows[i].reason, (int)step);
            assert_string_equal(buf_str(&lines), rows[i].lines);
            buf_clear(&lines);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(streams) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
