/* Options from hostile bytes: each line of the input is an argument, an environment variable and a `name=value` of an
 * INI file. Whatever is accepted must keep to its row; whatever is refused must say why. */
#include "conf.h"
#include "fuzz.h"

#include <stddef.h>
#define LINES_MAX 32

struct target {
    const char *id, *title, *output;
    bool watch, help;
    int64_t workers, any, max_state;
    ms_t stale_after;
    uint64_t session;
};

#define AT(member) offsetof(struct target, member)

static const struct conf_option common_options[] = {
    { "help", CONF_FLAG, AT(help), .short_name = 'h', .command_line_only = true },
    { "id", CONF_ID, AT(id), .fallback = "queen" },
    { 0 },
};
static const struct conf_option own_options[] = {
    { "title", CONF_TEXT, AT(title), .min = 2, .max = 8 },
    { "output", CONF_CHOICE, AT(output), .choices = "table|json", .fallback = "table", .short_name = 'o' },
    { "watch", CONF_FLAG, AT(watch) },
    { "max-workers", CONF_INT, AT(workers), .min = 1, .max = 200, .fallback = "100" },
    { "any", CONF_INT, AT(any) },
    { "max-state", CONF_SIZE, AT(max_state), .min = 1024, .max = 1 << 30, .fallback = "64KiB" },
    { "stale-after", CONF_DURATION, AT(stale_after), .min = 3000, .max = 86400000, .fallback = "90s" },
    { "session", CONF_HEX64, AT(session) },
    { 0 },
};
static const struct conf_option *const tables[] = { common_options, own_options, NULL };

static void check_result(enum err err, struct errbuf *e)
{
    require((err == OK) == (e->text[0] == '\0'));
    require(text_is_utf8(text_of(e->text)) || err == OK);
    e->text[0] = '\0';
}

static void check_target(const struct conf *conf, const struct target *target)
{
    size_t title = target->title ? strlen(target->title) : 2;
    require(text_is_id(text_of(target->id)));
    require(title >= 2 && title <= 8);
    require(strcmp(target->output, "table") == 0 || strcmp(target->output, "json") == 0);
    require(target->workers >= 1 && target->workers <= 200);
    require(target->max_state >= 1024 && target->max_state <= 1 << 30);
    require(target->stale_after >= 3000 && target->stale_after <= 86400000);
    struct buf printed = BUF_INIT;
    conf_print(conf, &printed);
    require(buf_ok(&printed) && printed.len > 0);
    buf_clear(&printed);
}

/* Terminated copies of the lines, NULL behind the last. */
static int lines_copy(struct arena *arena, struct text input, char *ret[LINES_MAX + 1])
{
    int count = 0;
    while (input.at && count < LINES_MAX) {
        ret[count] = arena_copy(arena, text_split(&input, '\n'));
        require(ret[count] != NULL);
        count++;
    }
    ret[count] = NULL;
    return count;
}

static void set_each_line(struct conf *conf, struct text input, struct errbuf *e)
{
    while (input.at) {
        struct text value = text_split(&input, '\n');
        struct text name = text_split(&value, '=');
        check_result(conf_set(conf, name, value, CONF_FROM_FILE, "fuzz.ini", e), e);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text input = { (const char *)data, size };
    struct arena arena;
    struct target target;
    struct conf conf;
    struct errbuf e = { 0 };
    char *lines[LINES_MAX + 1];
    arena = (struct arena){ 0 };
    require(conf_init(&conf, tables, &target, &arena, &e) == OK);

    int next = 0, count = lines_copy(&arena, input, lines);
    enum err err = conf_args(&conf, count, lines, &next, &e);
    require(next >= 0 && next <= count);
    check_result(err, &e);
    check_result(conf_environment(&conf, lines, &e), &e);
    set_each_line(&conf, input, &e);
    check_target(&conf, &target);
    arena_clear(&arena);
    return 0;
}
