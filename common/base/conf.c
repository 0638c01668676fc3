#include "conf.h"

#include <stdio.h>

#include "address.h"

#define LABEL_SIZE 96
#define SHOWN_SIZE 64

/* A parsed value; the member that the row's type uses lies at its start, as every member of a union does. */
union value {
    const char *text;
    bool flag;
    int64_t number;
    uint64_t bits;
};

bool conf_row_next(const struct conf_option *const **table, struct conf_row *row)
{
    if (!**table)
        return false;
    row->index += row->option != NULL;
    row->option = row->option ? row->option + 1 : **table;
    while (!row->option->name) {
        if (!*++*table)
            return false;
        row->option = **table;
    }
    return true;
}

/* min = max = 0 means that there are no bounds. */
static enum err range_check(const struct conf_option *option, int64_t number)
{
    bool bounded = option->min != 0 || option->max != 0;
    return bounded && (number < option->min || number > option->max) ? ERR_RANGE : OK;
}

static enum err text_parse(const struct conf_option *option, struct text t, union value *ret)
{
    ret->text = t.at;
    if (text_has_control(t))
        return ERR_SYNTAX;
    return option->max > 0 ? range_check(option, (int64_t)t.len) : OK;
}

static enum err id_parse(const struct conf_option *option, struct text t, union value *ret)
{
    (void)option;
    ret->text = t.at;
    return text_is_id(t) ? OK : ERR_ID;
}

/* One of those that '|' separates. */
static bool is_one_of(struct text t, const char *choices)
{
    struct text rest = text_of(choices);
    while (rest.at)
        if (text_equal(text_split(&rest, '|'), t))
            return true;
    return false;
}

static enum err choice_parse(const struct conf_option *option, struct text t, union value *ret)
{
    ret->text = t.at;
    return is_one_of(t, option->choices) ? OK : ERR_RANGE;
}

static enum err flag_parse(const struct conf_option *option, struct text t, union value *ret)
{
    (void)option;
    ret->flag = is_one_of(t, "true|yes|on|1");
    return ret->flag || is_one_of(t, "false|no|off|0") ? OK : ERR_SYNTAX;
}

/* An integer, a duration or a size. */
static enum err number_parse(const struct conf_option *option, struct text t, union value *ret)
{
    enum err err = option->type == CONF_INT        ? text_to_int(t, &ret->number)
                   : option->type == CONF_DURATION ? text_to_duration(t, &ret->number)
                                                   : text_to_size(t, &ret->number);
    return err != OK ? err : range_check(option, ret->number);
}

static enum err hex64_parse(const struct conf_option *option, struct text t, union value *ret)
{
    (void)option;
    return text_to_hex64(t, &ret->bits);
}

_Static_assert(CONF_NUMBER_SIZE >= DURATION_SIZE && CONF_NUMBER_SIZE >= SIZE_TEXT_SIZE &&
                   CONF_NUMBER_SIZE >= HEX64_SIZE && CONF_NUMBER_SIZE >= INT_TEXT_SIZE,
               "a number of any type fits");

/* What a type accepts, and how the sentence about a bad value ends: "must be WHAT between LOW and HIGH BEHIND". */
static const struct type {
    enum err (*parse)(const struct conf_option *option, struct text t, union value *ret);
    size_t size;  /* of the member in the target struct */
    bool is_text; /* the value must be copied */
    const char *what;
    char *(*to_text)(int64_t number, char ret[CONF_NUMBER_SIZE]); /* NULL: the type has no bounds */
    const char *behind;
} types[] = {
    [CONF_TEXT] = { text_parse, sizeof(char *), true, "text without control characters", int_to_text, " bytes long" },
    [CONF_URI] = { text_parse, sizeof(char *), true, "text without control characters", int_to_text, " bytes long" },
    [CONF_ID] = { id_parse, sizeof(char *), true,
                  "an id of letters, digits, '.', '_' and '-', with a letter or digit first, at most 64 in all" },
    [CONF_FLAG] = { flag_parse, sizeof(bool), false, "true, false, yes, no, on, off, 1 or 0" },
    [CONF_INT] = { number_parse, sizeof(int64_t), false, "a whole number", int_to_text, "" },
    [CONF_DURATION] = { number_parse, sizeof(ms_t), false, "a duration such as 200ms, 30s, 5m, 1h", duration_to_text,
                        "" },
    [CONF_SIZE] = { number_parse, sizeof(int64_t), false, "a size such as 4096, 64KiB, 512MiB, 1GiB", size_to_text,
                    "" },
    [CONF_HEX64] = { hex64_parse, sizeof(uint64_t), false, "16 hexadecimal digits, not all zero" },
    [CONF_CHOICE] = { choice_parse, sizeof(char *), true, "one of " },
};

/* The sentence about a value that the option does not allow. */
static enum err value_refuse(const struct conf_option *option, struct text value, enum err err, const char *label,
                             struct errbuf *e)
{
    const struct type *type = &types[option->type];
    const char *choices = option->type == CONF_CHOICE ? option->choices : "";
    char shown[SHOWN_SIZE];
    text_to_printable(value.len > 0 ? value : TEXT("\"\""), shown, sizeof shown);
    bool bounded = type->to_text && (option->min != 0 || option->max != 0);
    if (!bounded)
        return err_set(e, err, "%s %s: must be %s%s", label, shown, type->what, choices);
    char low[CONF_NUMBER_SIZE], high[CONF_NUMBER_SIZE];
    return err_set(e, err, "%s %s: must be %s between %s and %s%s", label, shown, type->what,
                   type->to_text(option->min, low), type->to_text(option->max, high), type->behind);
}

const char *conf_value(const struct conf *conf, const struct conf_option *option, char number[CONF_NUMBER_SIZE])
{
    const struct type *type = &types[option->type];
    union value value = { 0 };
    memcpy(&value, (const char *)conf->target + option->offset, type->size);
    if (type->is_text)
        return value.text;
    if (option->type == CONF_FLAG)
        return value.flag ? "true" : "false";
    if (type->to_text)
        return type->to_text(value.number, number);
    return value.bits ? hex64_to_text(value.bits, number) : NULL;
}

static bool is_same(const struct conf_option *option, const void *a, const void *b)
{
    const struct type *type = &types[option->type];
    const char *one = (const char *)a + option->offset, *other = (const char *)b + option->offset;
    if (type->is_text)
        return str_equal(*(const char *const *)one, *(const char *const *)other);
    return memcmp(one, other, type->size) == 0;
}

bool conf_differs(const struct conf *conf, const void *other, struct conf_row *ret)
{
    const struct conf_option *const *table = conf->tables;
    for (*ret = (struct conf_row){ 0 }; conf_row_next(&table, ret);)
        if (!ret->option->command_line_only && !is_same(ret->option, conf->target, other))
            return true;
    return false;
}

/* Checks a value whatever its rank, so that a mistake does not hide behind a stronger source; stores it unless one has
 * spoken already. */
static enum err row_set(struct conf *conf, struct conf_row row, struct text value, enum conf_origin origin,
                        const char *label, struct errbuf *e)
{
    const struct type *type = &types[row.option->type];
    union value parsed = { 0 };
    enum err err = row.option->type == CONF_URI ? address_check_login(value, label, e) : OK;
    if (err != OK)
        return err;
    if ((err = type->parse(row.option, value, &parsed)) != OK)
        return value_refuse(row.option, value, err, label, e);
    if (origin < conf->origin[row.index])
        return OK;
    if (type->is_text && !(parsed.text = arena_copy(conf->arena, value)))
        return err_set(e, ERR_NOMEM, "%s: out of memory", label);
    memcpy((char *)conf->target + row.option->offset, &parsed, type->size);
    conf->origin[row.index] = (uint8_t)origin;
    return OK;
}

static enum err default_set(struct conf *conf, struct conf_row row, struct errbuf *e)
{
    if (row.index >= CONF_OPTIONS_MAX)
        return err_set(e, ERR_FULL, "%s: more than %d options", row.option->name, CONF_OPTIONS_MAX);
    memset((char *)conf->target + row.option->offset, 0, types[row.option->type].size);
    conf->origin[row.index] = CONF_FROM_DEFAULT;
    if (!row.option->fallback)
        return OK;
    char label[LABEL_SIZE];
    snprintf(label, sizeof label, "default of %s", row.option->name);
    return row_set(conf, row, text_of(row.option->fallback), CONF_FROM_DEFAULT, label, e);
}

enum err conf_init(struct conf *conf, const struct conf_option *const *tables, void *target, struct arena *arena,
                   struct errbuf *e)
{
    *conf = (struct conf){ .tables = tables, .target = target, .arena = arena };
    enum err err = OK;
    for (struct conf_row row = { 0 }; err == OK && conf_row_next(&tables, &row);)
        err = default_set(conf, row, e);
    return err;
}

/* By the name, or by the one letter that `name` is. */
static bool row_find(const struct conf_option *const *tables, struct text name, bool is_short, struct conf_row *ret)
{
    for (struct conf_row row = { 0 }; conf_row_next(&tables, &row);) {
        if (is_short ? name.len == 1 && name.at[0] == row.option->short_name : text_is(name, row.option->name)) {
            *ret = row;
            return true;
        }
    }
    return false;
}

/* The name that `name` was probably meant to be: at most every third character wrong. NULL if there is none. */
static const char *name_nearest(const struct conf *conf, struct text name)
{
    const struct conf_option *const *table = conf->tables;
    const char *nearest = NULL;
    size_t least = name.len / 3 + 1;
    for (struct conf_row row = { 0 }; conf_row_next(&table, &row);) {
        size_t distance = text_distance(name, text_of(row.option->name));
        if (distance < least) {
            least = distance;
            nearest = row.option->name;
        }
    }
    return nearest;
}

static enum err name_refuse(const struct conf *conf, struct text name, enum conf_origin origin, const char *label,
                            struct errbuf *e)
{
    const char *nearest = name_nearest(conf, name);
    if (!nearest)
        return err_set(e, ERR_UNKNOWN, "%s: unknown option", label);
    const char *dashes = origin == CONF_FROM_OPTION ? "--" : "";
    return err_set(e, ERR_UNKNOWN, "%s: unknown option; did you mean %s%s?", label, dashes, nearest);
}

enum err conf_set(struct conf *conf, struct text name, struct text value, enum conf_origin origin, const char *label,
                  struct errbuf *e)
{
    struct conf_row row;
    if (!row_find(conf->tables, name, false, &row))
        return name_refuse(conf, name, origin, label, e);
    if (row.option->command_line_only && origin != CONF_FROM_OPTION)
        return err_set(e, ERR_UNKNOWN, "%s: only allowed on the command line", label);
    if (row.option->outside_file && origin == CONF_FROM_FILE)
        return err_set(e, ERR_UNKNOWN, "%s: not allowed in the file itself", label);
    return row_set(conf, row, value, origin, label, e);
}

/* Reads the option at argv[*at] with the value that belongs to it; *at moves to its last word. */
static enum err argument_read(struct conf *conf, int argc, char *const *argv, int *at, struct errbuf *e)
{
    bool is_long = argv[*at][1] == '-';
    struct text value = text_of(argv[*at]);
    struct text written = is_long ? text_split(&value, '=') : value;
    struct text name = { written.at + 1 + is_long, written.len - 1 - is_long };
    value.at = is_long ? value.at : NULL;
    char label[LABEL_SIZE];
    text_to_printable(written, label, sizeof label);
    struct conf_row row;
    if (!row_find(conf->tables, name, !is_long, &row))
        return name_refuse(conf, name, CONF_FROM_OPTION, label, e);
    if (!value.at && row.option->type == CONF_FLAG)
        value = TEXT("true");
    else if (!value.at && *at + 1 == argc)
        return err_set(e, ERR_SYNTAX, "%s: needs a value (%s)", label, row.option->arg ? row.option->arg : "VALUE");
    else if (!value.at)
        value = text_of(argv[++*at]);
    return row_set(conf, row, value, CONF_FROM_OPTION, label, e);
}

enum err conf_args(struct conf *conf, int argc, char *const *argv, int *ret_next, struct errbuf *e)
{
    int at = 1;
    for (; at < argc && argv[at][0] == '-' && argv[at][1] != '\0'; at++) {
        if (strcmp(argv[at], "--") == 0) {
            at++;
            break;
        }
        enum err err = argument_read(conf, argc, argv, &at, e);
        if (err != OK)
            return err;
    }
    *ret_next = at < argc ? at : argc;
    return OK;
}

void conf_variable(const char *name, char ret[CONF_VARIABLE_SIZE])
{
    snprintf(ret, CONF_VARIABLE_SIZE, "SKEP_%s", name);
    for (; *ret; ret++)
        *ret = *ret == '-' ? '_' : *ret >= 'a' && *ret <= 'z' ? (char)(*ret - 'a' + 'A') : *ret;
}

static enum err variable_read(struct conf *conf, const char *variable, struct errbuf *e)
{
    struct text value = text_of(variable);
    struct text key = text_split(&value, '=');
    const struct conf_option *const *table = conf->tables;
    char label[CONF_VARIABLE_SIZE];
    for (struct conf_row row = { 0 }; value.at && conf_row_next(&table, &row);) {
        conf_variable(row.option->name, label);
        if (!row.option->command_line_only && text_is(key, label))
            return row_set(conf, row, value, CONF_FROM_ENVIRONMENT, label, e);
    }
    return OK;
}

enum err conf_environment(struct conf *conf, char *const *environ, struct errbuf *e)
{
    for (; *environ; environ++) {
        enum err err = variable_read(conf, *environ, e);
        if (err != OK)
            return err;
    }
    return OK;
}
