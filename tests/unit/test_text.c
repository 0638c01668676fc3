#include "text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A literal with its NUL bytes. */
#define BYTES(literal)                 \
    {                                  \
        (literal), sizeof(literal) - 1 \
    }

static void texts_are_equal_by_their_bytes(void **state)
{
    (void)state;
    assert_true(text_equal(TEXT("a\0b"), TEXT("a\0b")));
    assert_false(text_equal(TEXT("a\0b"), TEXT("a\0c")));
    assert_false(text_equal(TEXT("ab"), TEXT("abc")));
    assert_true(text_equal((struct text){ NULL, 0 }, TEXT("")));
    assert_true(text_is(TEXT("ps"), "ps"));
    assert_true(text_is(text_of(NULL), ""));
}

static void a_split_takes_what_stands_before(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        const char *head, *rest; /* rest NULL: there was no separator */
    } rows[] = {
        { "two parts", "a/b", "a", "b" },       { "only the first separator counts", "a/b/c", "a", "b/c" },
        { "an empty head", "/b", "", "b" },     { "an empty rest is there", "a/", "a", "" },
        { "no separator", "abc", "abc", NULL }, { "an empty text", "", "", NULL },
        { "an absent text", NULL, NULL, NULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        struct text rest = text_of(rows[i].text);
        struct text head = text_split(&rest, '/');
        assert_true(text_is(head, rows[i].head));
        assert_true(text_is(rest, rows[i].rest));
        assert_true((rest.at == NULL) == (rows[i].rest == NULL));
    }
}

static void utf8_is_checked_as_rfc_3629_says(void **state)
{
    static const struct {
        const char *why;
        struct text text;
        bool valid;
    } rows[] = {
        { "nothing", BYTES(""), true },
        { "absent", { NULL, 0 }, true },
        { "ASCII", BYTES("worker-17"), true },
        { "NUL is a character", BYTES("a\0b"), true },
        { "last of one byte", BYTES("\x7F"), true },
        { "first of two bytes", BYTES("\xC2\x80"), true },
        { "last of two bytes", BYTES("\xDF\xBF"), true },
        { "first of three bytes", BYTES("\xE0\xA0\x80"), true },
        { "before the surrogates", BYTES("\xED\x9F\xBF"), true },
        { "behind the surrogates", BYTES("\xEE\x80\x80"), true },
        { "last of three bytes", BYTES("\xEF\xBF\xBF"), true },
        { "first of four bytes", BYTES("\xF0\x90\x80\x80"), true },
        { "the middle of four bytes", BYTES("\xF1\x80\x80\x80"), true },
        { "last of all, U+10FFFF", BYTES("\xF4\x8F\xBF\xBF"), true },
        { "behind eight bytes of ASCII", BYTES("12345678\xC3\xA9"), true },
        { "between eight bytes of ASCII", BYTES("1234\xC3\xA9 5678 12345678"), true },
        { "a continuation byte alone", BYTES("\x80"), false },
        { "overlong NUL", BYTES("\xC0\x80"), false },
        { "overlong, two bytes", BYTES("\xC1\xBF"), false },
        { "overlong, three bytes", BYTES("\xE0\x9F\xBF"), false },
        { "overlong, four bytes", BYTES("\xF0\x8F\xBF\xBF"), false },
        { "first surrogate", BYTES("\xED\xA0\x80"), false },
        { "last surrogate", BYTES("\xED\xBF\xBF"), false },
        { "U+110000", BYTES("\xF4\x90\x80\x80"), false },
        { "a lead byte beyond", BYTES("\xF5\x80\x80\x80"), false },
        { "five bytes", BYTES("\xF8\x88\x80\x80\x80"), false },
        { "FF", BYTES("\xFF"), false },
        { "two bytes, one missing", BYTES("\xC3"), false },
        { "three bytes, one missing", BYTES("\xE2\x82"), false },
        { "four bytes, one missing", BYTES("\xF0\x9F\x98"), false },
        { "second byte is ASCII", BYTES("\xC3(x"), false },
        { "third byte is ASCII", BYTES("\xE2\x82(x"), false },
        { "fourth byte is a lead byte", BYTES("\xF0\x9F\x98\xC3"), false },
        { "fault in the ninth byte", BYTES("12345678\xFF"), false },
        { "fault in the eighth byte",
          BYTES("1234567\xFF"
                "9"),
          false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_is_utf8(rows[i].text), rows[i].valid);
    }
}

static void ids_follow_the_protocol(void **state)
{
#define ID_64 "a23456789_123456789_123456789_123456789_123456789_123456789_1234"
    static const struct {
        const char *why;
        struct text text;
        bool valid;
    } rows[] = {
        { "a letter", BYTES("a"), true },
        { "a digit", BYTES("0"), true },
        { "every kind of character", BYTES("Zz9._-"), true },
        { "64 characters", BYTES(ID_64), true },
        { "65 characters", BYTES(ID_64 "5"), false },
        { "nothing", BYTES(""), false },
        { "absent", { NULL, 0 }, false },
        { "a dot first", BYTES(".a"), false },
        { "a dash first looks like an option", BYTES("-a"), false },
        { "an underscore first", BYTES("_a"), false },
        { "a slash would be a topic level", BYTES("a/b"), false },
        { "a wildcard", BYTES("a+"), false },
        { "a wildcard alone", BYTES("#"), false },
        { "a space", BYTES("a b"), false },
        { "NUL", BYTES("a\0"), false },
        { "a letter that is not ASCII", BYTES("\xC3\xA9"), false },
        { "the characters beside the ranges", BYTES("a@"), false },
        { "the characters beside the ranges", BYTES("a["), false },
        { "the characters beside the ranges", BYTES("a{"), false },
        { "the characters beside the ranges", BYTES("a:"), false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_is_id(rows[i].text), rows[i].valid);
    }
}

static void printable_text_harms_nobody(void **state)
{
    static const struct {
        const char *why;
        struct text text;
        size_t size;
        const char *printable;
    } rows[] = {
        { "plain text", BYTES("online"), 16, "online" },
        { "accents, CJK and emoji stay", BYTES("\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x90\x9D"), 16,
          "\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x90\x9D" },
        { "an escape sequence", BYTES("\x1B[2J"), 16, "?[2J" },
        { "a forged log line", BYTES("a\r\nb\tc"), 16, "a??b?c" },
        { "NUL and DEL", BYTES("a\0b\x7F"), 16, "a?b?" },
        { "a C1 control (CSI) is one character",
          BYTES("\xC2\x9B"
                "2J"),
          16, "?2J" },
        { "the last C1 control", BYTES("\xC2\x9F"), 16, "?" },
        { "behind it, a space that does not break", BYTES("\xC2\xA0"), 16, "\xC2\xA0" },
        { "Arabic letter mark", BYTES("\xD8\x9C"), 16, "?" },
        { "left-to-right mark", BYTES("\xE2\x80\x8E"), 16, "?" },
        { "right-to-left override",
          BYTES("a\xE2\x80\xAE"
                "b"),
          16, "a?b" },
        { "first strong isolate", BYTES("\xE2\x81\xA8x"), 16, "?x" },
        { "line separator", BYTES("\xE2\x80\xA8x"), 16, "?x" },
        { "beside the bidi controls, a narrow space", BYTES("\xE2\x80\xAFx"), 16, "\xE2\x80\xAFx" },
        { "every invalid byte on its own", BYTES("\xFF\xC0\x80x"), 16, "???x" },
        { "a character that is cut off", BYTES("x\xE2\x82"), 16, "x??" },
        { "the text just fits", BYTES("abc"), 4, "abc" },
        { "one byte too long", BYTES("abcd"), 4, "abc" },
        { "no half characters", BYTES("ab\xE2\x82\xAC"), 5, "ab" },
        { "nor anything behind the one left out",
          BYTES("ab\xE2\x82\xAC"
                "c"),
          5, "ab" },
        { "room for the terminator only", BYTES("abc"), 1, "" },
        { "nothing", BYTES(""), 4, "" },
        { "absent", { NULL, 0 }, 4, "" },
        { "no room at all", BYTES("abc"), 0, "untouched" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char printable[16] = "untouched";
        print_message("  %s\n", rows[i].why);
        text_to_printable(rows[i].text, printable, rows[i].size);
        assert_string_equal(printable, rows[i].printable);
    }
}

static void distance_counts_single_edits(void **state)
{
    static const struct {
        const char *why;
        const char *a, *b;
        size_t distance;
    } rows[] = {
        { "equal", "interval", "interval", 0 },
        { "nothing and something", "", "id", 2 },
        { "nothing twice", "", "", 0 },
        { "one letter replaced", "htto", "http", 1 },
        { "one letter missing", "htp", "http", 1 },
        { "one letter too many", "hhttp", "http", 1 },
        { "neighbours swapped", "stael-after", "stale-after", 1 },
        { "swapped at the end", "intervla", "interval", 1 },
        { "swapped twice", "tsael-after", "stale-after", 2 },
        { "textbook", "kitten", "sitting", 3 },
        { "nothing in common", "abc", "xyz", 3 },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        print_message("  %s\n", rows[i].why);
        assert_int_equal(text_distance(text_of(rows[i].a), text_of(rows[i].b)), rows[i].distance);
        assert_int_equal(text_distance(text_of(rows[i].b), text_of(rows[i].a)), rows[i].distance);
    }
    assert_int_equal(text_distance(TEXT(ID_64), TEXT("")), 64);
    assert_true(text_distance(TEXT(ID_64 "5"), TEXT("")) == SIZE_MAX);
    assert_true(text_distance(TEXT(""), TEXT(ID_64 "5")) == SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_equal_by_their_bytes),   cmocka_unit_test(a_split_takes_what_stands_before),
        cmocka_unit_test(utf8_is_checked_as_rfc_3629_says), cmocka_unit_test(ids_follow_the_protocol),
        cmocka_unit_test(printable_text_harms_nobody),      cmocka_unit_test(distance_counts_single_edits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
