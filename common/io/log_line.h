/* log_line.h - one line of the log as text: human, logfmt or JSON. Pure, no allocation: what does not fit is cut
 * visibly (`...` in a value, `cut` behind the pairs) and JSON stays valid. */
#ifndef SKEP_LOG_LINE_H
#define SKEP_LOG_LINE_H

#include "text.h"

#define LOG_LINE_SIZE 2048
#define LOG_VALUE_MAX 640 /* bytes of one value, before escaping: the message and one value always fit */

enum log_style { LOG_STYLE_LOGFMT, LOG_STYLE_JSON, LOG_STYLE_HUMAN };

struct log_line {
    char at[LOG_LINE_SIZE];
    size_t len, first; /* `first`: where the first pair stands, which needs no separator */
    enum log_style style;
    bool full;
};

struct log_head {
    int journal_priority; /* 0-7: starts with <N>; -1: does not */
    const char *time;     /* RFC 3339; NULL = none */
    const char *level;
    const char *colour; /* escape sequence for the level in the human style; NULL = no colours */
    const char *component;
    const char *message;
};

void log_line_begin(struct log_line *line, enum log_style style, const struct log_head *head);
void log_line_pair(struct log_line *line, const char *key, const char *value);
void log_line_end(struct log_line *line); /* with the newline */

#endif
