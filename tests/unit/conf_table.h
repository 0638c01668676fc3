/* conf_table.h - options of every type, and a target that is filled anew for each test of conf. */
#ifndef SKEP_TESTS_CONF_TABLE_H
#define SKEP_TESTS_CONF_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf.h"

struct target {
    const char *id, *state_dir, *output, *title;
    bool watch, help;
    int64_t workers, offset, any, max_state;
    ms_t stale_after, wait;
    uint64_t session;
};

#define AT(member) offsetof(struct target, member)

static const struct conf_option common_options[] = {
    { "help", CONF_FLAG, AT(help), .short_name = 'h', .command_line_only = true, .help = "this text" },
    { "id", CONF_ID, AT(id), .fallback = "queen", .arg = "ID", .help = "name of this queen" },
    { 0 },
};
static const struct conf_option no_options[] = { { 0 } };
static const struct conf_option own_options[] = {
    { "state-dir", CONF_TEXT, AT(state_dir), .fallback = "", .arg = "DIR", .help = "where the state is kept" },
    { "title", CONF_TEXT, AT(title), .min = 2, .max = 5, .arg = "TEXT", .help = "a short title" },
    { "output", CONF_CHOICE, AT(output), .choices = "table|wide|json", .fallback = "table", .short_name = 'o',
      .arg = "FORMAT", .help = "help text" },
    { "watch", CONF_FLAG, AT(watch), .help = "print changes only" },
    { "max-workers", CONF_INT, AT(workers), .min = 1, .max = 200, .fallback = "100", .arg = "N",
      .help = "upper limit" },
    { "offset", CONF_INT, AT(offset), .min = -5, .max = 0, .arg = "N", .help = "a negative number" },
    { "any", CONF_INT, AT(any), .arg = "N", .help = "a number without bounds" },
    { "max-state", CONF_SIZE, AT(max_state), .min = 1 << 20, .max = 1 << 30, .fallback = "512MiB", .arg = "SIZE",
      .help = "memory for all documents" },
    { "stale-after", CONF_DURATION, AT(stale_after), .min = 3000, .max = 86400000, .fallback = "90s", .arg = "TIME",
      .help = "silence after which a sender that declares no lease is lost" },
    { "wait", CONF_DURATION, AT(wait), .fallback = "0", .arg = "TIME", .help = "a duration without bounds" },
    { "session", CONF_HEX64, AT(session), .arg = "HEX16", .help = "the session" },
    { 0 },
};
static const struct conf_option *const tables[] = { common_options, no_options, own_options, NULL };

static struct arena arena;
static struct target target;
static struct conf conf;
static struct errbuf e;

static inline int set_up(void **state)
{
    (void)state;
    arena = (struct arena){ 0 };
    memset(&target, 0xA5, sizeof target);
    e = (struct errbuf){ 0 };
    return conf_init(&conf, tables, &target, &arena, &e);
}

static inline int tear_down(void **state)
{
    (void)state;
    arena_clear(&arena);
    return 0;
}

static inline enum err set(const char *name, const char *value, enum conf_origin origin)
{
    return conf_set(&conf, text_of(name), text_of(value), origin, name, &e);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
