#include <stdio.h>

#include "conf.h"

#define LEFT_MAX 30  /* a longer option has its help on the next line */
#define RIGHT_MIN 20 /* however narrow the terminal */

static size_t left_len(const struct conf_option *option)
{
    return strlen("  -x, --") + strlen(option->name) + (option->arg ? 1 + strlen(option->arg) : 0);
}

static void left_print(const struct conf_option *option, struct buf *ret)
{
    if (option->short_name)
        buf_printf(ret, "  -%c, --%s", option->short_name, option->name);
    else
        buf_printf(ret, "      --%s", option->name);
    if (option->arg)
        buf_printf(ret, " %s", option->arg);
}

/* The column where the help begins: behind the longest option that is not too long. */
static size_t help_column(const struct conf_option *const *tables)
{
    size_t longest = 0;
    for (struct conf_row row = { 0 }; conf_row_next(&tables, &row);) {
        size_t len = left_len(row.option);
        longest = len > longest && len <= LEFT_MAX ? len : longest;
    }
    return longest + 3;
}

static void spaces_add(struct buf *ret, size_t count)
{
    buf_printf(ret, "%*s", (int)count, "");
}

/* Words of `t`, wrapped so that each line holds `width` bytes at most (a longer word stands alone). */
static void wrap(struct text t, size_t indent, size_t width, struct buf *ret)
{
    size_t used = 0;
    while (t.at) {
        struct text word = text_split(&t, ' ');
        if (used > 0 && used + 1 + word.len > width) {
            buf_add_char(ret, '\n');
            spaces_add(ret, indent);
            used = 0;
        } else if (used > 0) {
            buf_add_char(ret, ' ');
            used++;
        }
        buf_add_text(ret, word);
        used += word.len;
    }
}

/* The help and behind it "(default: table; SKEP_OUTPUT)". */
static void sentence_add(const struct conf_option *option, struct buf *ret)
{
    bool has_default = option->fallback && option->fallback[0] && option->type != CONF_FLAG;
    bool has_variable = !option->command_line_only;
    char variable[CONF_VARIABLE_SIZE];
    buf_add_str(ret, option->help ? option->help : "");
    conf_variable(option->name, variable);
    if (has_default || has_variable)
        buf_printf(ret, " (%s%s%s%s)", has_default ? "default: " : "", has_default ? option->fallback : "",
                   has_default && has_variable ? "; " : "", has_variable ? variable : "");
}

static void row_print(const struct conf_option *option, size_t column, size_t width, struct buf *ret)
{
    left_print(option, ret);
    size_t left = left_len(option);
    if (left + 2 > column) {
        buf_add_char(ret, '\n');
        left = 0;
    }
    spaces_add(ret, column - left);
    auto_clear(buf) sentence = BUF_INIT;
    sentence_add(option, &sentence);
    ret->failed |= !buf_ok(&sentence);
    wrap(buf_text(&sentence), column, width, ret);
    buf_add_char(ret, '\n');
}

void conf_help(const struct conf_option *const *tables, int width, struct buf *ret)
{
    size_t column = help_column(tables);
    size_t total = width > 0 ? (size_t)width : 0;
    size_t right = total > column + RIGHT_MIN ? total - column : RIGHT_MIN;
    for (struct conf_row row = { 0 }; conf_row_next(&tables, &row);)
        row_print(row.option, column, right, ret);
}

static void value_print(const struct conf *conf, const struct conf_option *option, enum conf_origin origin,
                        struct buf *ret)
{
    static const char *const origins[] = {
        [CONF_FROM_DEFAULT] = "the default",
        [CONF_FROM_FILE] = "from the file",
        [CONF_FROM_ENVIRONMENT] = "from the environment",
        [CONF_FROM_OPTION] = "from an option",
    };
    char number[CONF_NUMBER_SIZE];
    const char *value = conf_value(conf, option, number);
    if (value)
        buf_printf(ret, "# %s\n%s%s = %s\n", origins[origin], option->outside_file ? "# " : "", option->name, value);
    else
        buf_printf(ret, "# %s is not set\n", option->name);
}

void conf_print(const struct conf *conf, struct buf *ret)
{
    const struct conf_option *const *tables = conf->tables;
    for (struct conf_row row = { 0 }; conf_row_next(&tables, &row);)
        if (!row.option->command_line_only)
            value_print(conf, row.option, (enum conf_origin)conf->origin[row.index], ret);
}
