#include "log_line.h"

#define TAIL_SIZE 16     /* kept free for what log_line_end adds */
#define HUMAN_TIME_AT 11 /* the time of day in RFC 3339 */
#define COLOUR_OFF "\033[0m"

static void put(struct log_line *line, const char *bytes, size_t len)
{
    if (len > sizeof line->at - TAIL_SIZE - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->at + line->len, bytes, len);
    line->len += len;
}

static void put_str(struct log_line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* The first LOG_VALUE_MAX bytes, or a little less so that no character is cut in two. */
static struct text value_head(const char *value)
{
    struct text head = { value, strnlen(value, LOG_VALUE_MAX + 1) };
    if (head.len <= LOG_VALUE_MAX)
        return head;
    for (head.len = LOG_VALUE_MAX; ((unsigned char)head.at[head.len] & 0xC0) == 0x80 && head.len > LOG_VALUE_MAX - 3;)
        head.len--;
    return head;
}

/* Printable text never has control characters, so these two are all that JSON and logfmt ask for. */
static void put_escaped(struct log_line *line, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            put(line, "\\", 1);
        put(line, text, 1);
    }
}

static void put_value(struct log_line *line, const char *value, bool quoted)
{
    struct text head = value_head(value);
    char clean[LOG_VALUE_MAX + 1];
    text_to_printable(head, clean, sizeof clean);
    if (quoted)
        put(line, "\"", 1);
    if (quoted)
        put_escaped(line, clean);
    else
        put_str(line, clean);
    if (value[head.len])
        put(line, "...", 3);
    if (quoted)
        put(line, "\"", 1);
}

static bool needs_quotes(const char *value)
{
    return !*value || strpbrk(value, " \"=\\");
}

static void put_pair(struct log_line *line, const char *key, const char *value)
{
    bool is_json = line->style == LOG_STYLE_JSON;
    if (line->len > line->first)
        put(line, is_json ? "," : " ", 1);
    put_value(line, key, is_json);
    put(line, is_json ? ":" : "=", 1);
    put_value(line, value, is_json || needs_quotes(value));
}

static void begin_human(struct log_line *line, const struct log_head *head)
{
    if (head->time) {
        put_str(line, head->time + HUMAN_TIME_AT);
        put(line, " ", 1);
    }
    if (head->colour)
        put_str(line, head->colour);
    put_str(line, head->level);
    if (head->colour)
        put_str(line, COLOUR_OFF);
    put(line, " ", 1);
    put_value(line, head->message, false);
}

void log_line_begin(struct log_line *line, enum log_style style, const struct log_head *head)
{
    const char priority[] = { '<', (char)('0' + head->journal_priority), '>' };
    line->len = line->first = 0;
    line->style = style;
    line->full = false;
    if (head->journal_priority >= 0)
        put(line, priority, sizeof priority);
    if (style == LOG_STYLE_HUMAN) {
        begin_human(line, head);
        return;
    }
    if (style == LOG_STYLE_JSON)
        put(line, "{", 1);
    line->first = line->len;
    if (head->time)
        log_line_pair(line, "time", head->time);
    log_line_pair(line, "level", head->level);
    log_line_pair(line, "component", head->component);
    log_line_pair(line, "msg", head->message);
}

void log_line_pair(struct log_line *line, const char *key, const char *value)
{
    size_t before = line->len;
    if (line->full)
        return;
    put_pair(line, key, value);
    if (line->full)
        line->len = before; /* a pair is there as a whole or not at all */
}

void log_line_end(struct log_line *line)
{
    static const char *const tails[][2] = {
        [LOG_STYLE_LOGFMT] = { "\n", " cut=true\n" },
        [LOG_STYLE_JSON] = { "}\n", ",\"cut\":true}\n" },
        [LOG_STYLE_HUMAN] = { "\n", " cut=true\n" },
    };
    const char *tail = tails[line->style][line->full];
    size_t len = strlen(tail);
    memcpy(line->at + line->len, tail, len); /* TAIL_SIZE is kept free for it */
    line->len += len;
}
