#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "log_line.h"

static const struct log_head head = {
    .journal_priority = -1,
    .time = "2025-10-23T20:00:00.123Z",
    .level = "info",
    .component = "skep-queen",
    .message = "connected",
};

static const char *line_of(struct log_line *line, enum log_style style, const char *key, const char *value)
{
    log_line_begin(line, style, &head);
    log_line_pair(line, key, value);
    log_line_end(line);
    line->at[line->len - 1] = '\0'; /* the newline */
    return line->at;
}

#define LOGFMT_HEAD "time=2025-10-23T20:00:00.123Z level=info component=skep-queen msg=connected "
#define JSON_HEAD \
    "{\"time\":\"2025-10-23T20:00:00.123Z\",\"level\":\"info\",\"component\":\"skep-queen\",\"msg\":\"connected\","

static void values(void **state)
{
    static const struct {
        const char *why, *value, *logfmt, *json;
    } rows[] = {
        { "plain", "x", "k=x", "\"k\":\"x\"}" },
        { "empty", "", "k=\"\"", "\"k\":\"\"}" },
        { "blank", "a b", "k=\"a b\"", "\"k\":\"a b\"}" },
        { "quote", "a\"b", "k=\"a\\\"b\"", "\"k\":\"a\\\"b\"}" },
        { "backslash", "a\\", "k=\"a\\\\\"", "\"k\":\"a\\\\\"}" },
        { "equals", "a=b", "k=\"a=b\"", "\"k\":\"a=b\"}" },
        { "angle bracket", "a>", "k=a>", "\"k\":\"a>\"}" },
        { "a second line is none", "a\nlevel=error", "k=\"a?level=error\"", "\"k\":\"a?level=error\"}" },
        { "escape sequence", "\033[2J", "k=?[2J", "\"k\":\"?[2J\"}" },
        { "not UTF-8", "a\xff", "k=a?", "\"k\":\"a?\"}" },
        { "UTF-8", "Bl\xC3\xBCte", "k=Bl\xC3\xBCte", "\"k\":\"Bl\xC3\xBCte\"}" },
        { "right-to-left override", "a\xE2\x80\xAE", "k=a?", "\"k\":\"a?\"}" },
    };
    struct log_line line;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *logfmt = line_of(&line, LOG_STYLE_LOGFMT, "k", rows[i].value) + strlen(LOGFMT_HEAD);
        if (strcmp(logfmt, rows[i].logfmt) != 0)
            fail_msg("%s: %s", rows[i].why, line.at);
        if (strcmp(line_of(&line, LOG_STYLE_JSON, "k", rows[i].value) + strlen(JSON_HEAD), rows[i].json) != 0)
            fail_msg("%s: %s", rows[i].why, line.at);
    }
}

static void heads(void **state)
{
    struct log_head other = head;
    struct log_line line;
    (void)state;
    assert_string_equal(line_of(&line, LOG_STYLE_LOGFMT, "k", "v"), LOGFMT_HEAD "k=v");
    assert_string_equal(line_of(&line, LOG_STYLE_JSON, "k", "v"), JSON_HEAD "\"k\":\"v\"}");
    assert_string_equal(line_of(&line, LOG_STYLE_HUMAN, "k", "v w"), "20:00:00.123Z info connected k=\"v w\"");

    other.journal_priority = 6;
    other.time = NULL;
    log_line_begin(&line, LOG_STYLE_LOGFMT, &other);
    log_line_end(&line);
    line.at[line.len] = '\0';
    assert_string_equal(line.at, "<6>level=info component=skep-queen msg=connected\n");
    log_line_begin(&line, LOG_STYLE_JSON, &other);
    log_line_end(&line);
    line.at[line.len] = '\0';
    assert_string_equal(line.at, "<6>{\"level\":\"info\",\"component\":\"skep-queen\",\"msg\":\"connected\"}\n");

    other.journal_priority = -1;
    other.colour = "\033[32m";
    log_line_begin(&line, LOG_STYLE_HUMAN, &other);
    log_line_end(&line);
    line.at[line.len] = '\0';
    assert_string_equal(line.at, "\033[32minfo\033[0m connected\n");
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void long_values_are_cut(void **state)
{
    char value[LOG_VALUE_MAX + 2];
    struct log_line line;
    (void)state;
    memset(value, 'a', sizeof value);
    value[LOG_VALUE_MAX] = '\0';
    assert_true(ends_with(line_of(&line, LOG_STYLE_JSON, "k", value), "aaa\"}"));
    value[LOG_VALUE_MAX] = 'a';
    value[LOG_VALUE_MAX + 1] = '\0';
    assert_true(ends_with(line_of(&line, LOG_STYLE_JSON, "k", value), "aaa...\"}"));
    value[LOG_VALUE_MAX - 1] = '\xC3'; /* one character of two bytes over the border */
    value[LOG_VALUE_MAX] = '\xBC';
    assert_true(ends_with(line_of(&line, LOG_STYLE_LOGFMT, "k", value), "aaa..."));
}

/* Each pair is there as a whole or not at all, whatever its length. */
static void full_line_stays_well_formed(void **state)
{
    static const char *const ends[] = {
        [LOG_STYLE_LOGFMT] = " cut=true\n", [LOG_STYLE_JSON] = "\",\"cut\":true}\n", [LOG_STYLE_HUMAN] = " cut=true\n"
    };
    struct log_line line;
    char value[LOG_VALUE_MAX + 1];
    (void)state;
    for (size_t len = 1; len < sizeof value; len++) {
        memset(value, '"', len); /* doubles when escaped */
        value[len] = '\0';
        for (enum log_style style = LOG_STYLE_LOGFMT; style <= LOG_STYLE_HUMAN; style++) {
            log_line_begin(&line, style, &head);
            for (int i = 0; i < 500; i++)
                log_line_pair(&line, "k", value);
            log_line_end(&line);
            assert_in_range(line.len, 1, LOG_LINE_SIZE);
            if (memcmp(line.at + line.len - strlen(ends[style]), ends[style], strlen(ends[style])) != 0)
                fail_msg("style %d, values of %zu: %.*s", style, len, (int)line.len, line.at);
        }
    }
}

static void long_message_leaves_room_for_a_value(void **state)
{
    struct log_head other = head;
    char message[LOG_LINE_SIZE * 2];
    struct log_line line;
    (void)state;
    memset(message, '"', sizeof message - 1);
    message[sizeof message - 1] = '\0';
    other.message = message;
    log_line_begin(&line, LOG_STYLE_JSON, &other);
    log_line_pair(&line, "k", "v");
    log_line_end(&line);
    line.at[line.len - 1] = '\0';
    assert_true(ends_with(line.at, "\\\"...\",\"k\":\"v\"}"));
    other.component = message; /* both together are too much: the message goes */
    log_line_begin(&line, LOG_STYLE_JSON, &other);
    log_line_end(&line);
    line.at[line.len - 1] = '\0';
    assert_true(ends_with(line.at, "\\\"...\",\"cut\":true}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(heads),
        cmocka_unit_test(long_values_are_cut),
        cmocka_unit_test(full_line_stays_well_formed),
        cmocka_unit_test(long_message_leaves_room_for_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
