/* Sections of an INI file that the program reads by itself, and reading the file again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "service.h"

struct bee_conf {
    struct service_conf common;
    const char *id;
    unsigned combs, cells;
};

static const struct conf_option bee_options[] = {
    { "id", CONF_ID, offsetof(struct bee_conf, id), .fallback = "bee", .arg = "ID", .help = "name of this bee" },
    { 0 },
};

static bool owns_section(const char *section)
{
    return strncmp(section, "comb ", 5) == 0;
}

static enum err section_key(void *target, const char *section, const char *key, const char *value, int line,
                            struct errbuf *e)
{
    struct bee_conf *conf = target;
    (void)line;
    if (!key) {
        conf->combs++;
        return strcmp(section, "comb none") == 0 ? err_set(e, ERR_ID, "no such comb") : OK;
    }
    if (strcmp(key, "cell") != 0)
        return err_set(e, ERR_UNKNOWN, "%s %s: a comb has cells", key, value);
    conf->cells++;
    return OK;
}

static const struct service bee = {
    .name = "skep-bee",
    .summary = "a bee for tests",
    .examples = "",
    .exit_codes = "",
    .usage = "skep-bee [OPTIONS]",
    .section = "bee",
    .options = bee_options,
    .other_sections = "[comb NAME]",
    .owns_section = owns_section,
    .section_key = section_key,
};

static char ini[] = "/tmp/test_service_sections.XXXXXX";

static int setup(void **state)
{
    int fd = mkstemp(ini);
    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
    (void)state;
    return unlink(ini);
}

static enum err refuse_queens(void *target, struct errbuf *e)
{
    const struct bee_conf *conf = target;
    return strcmp(conf->id, "queen") == 0 ? err_set(e, ERR_REFUSED, "--id queen: there is one already") : OK;
}

/* Reads the text as the file of --config. `more` are further words. `before` NULL: whatever is read. */
static enum err reread_after(const struct bee_conf *before, const char *text, const char *more, struct bee_conf *ret,
                             struct arena *arena, struct errbuf *e)
{
    char program[] = "skep-bee", option[] = "--config", word[64];
    char *argv[] = { program, option, ini, word, NULL };
    FILE *file = fopen(ini, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    fclose(file);
    snprintf(word, sizeof word, "%s", more);
    *ret = (struct bee_conf){ 0 };
    return service_reread(&bee, 4, argv, before ? before : ret, ret, arena, refuse_queens, e);
}

static enum err reread(const char *text, const char *more, struct bee_conf *ret, struct arena *arena, struct errbuf *e)
{
    return reread_after(NULL, text, more, ret, arena, e);
}

static void own_sections_go_to_the_program(void **state)
{
    struct bee_conf conf;
    struct errbuf e = { 0 };
    struct arena arena;
    (void)state;
    arena = (struct arena){ 0 };
    assert_int_equal(
        reread("[comb a]\ncell=1\n[bee]\nid=maja\n[comb b]\ncell=1\ncell=2\n", "--root=r", &conf, &arena, &e), OK);
    assert_int_equal(conf.combs, 2);
    assert_int_equal(conf.cells, 3);
    assert_string_equal(conf.id, "maja");
    assert_string_equal(conf.common.root, "r");
    assert_int_equal(reread("", "--id=willi", &conf, &arena, &e), OK);
    assert_string_equal(conf.id, "willi");
    arena_clear(&arena);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    static const struct {
        const char *why, *text, *word, *want;
    } rows[] = {
        { "a section's head", "[bee]\n[comb none]\n", "--id=x", ":2: no such comb" },
        { "a key", "[comb a]\ncell=1\nwax=2\n", "--id=x", ":3: wax 2: a comb has cells" },
        { "nobody's section", "[wasp]\n", "--id=x", ":1: unknown section [wasp]: must be [bee], [comb NAME]" },
        { "a key of the program itself", "[bee]\ncell=1\n", "--id=x", ":2: cell: unknown option" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bee_conf conf;
        struct errbuf e = { 0 };
        struct arena arena;
        char want[128];
        arena = (struct arena){ 0 };
        snprintf(want, sizeof want, "%s%s", ini, rows[i].want);
        if (reread(rows[i].text, rows[i].word, &conf, &arena, &e) == OK || strcmp(e.text, want) != 0)
            fail_msg("%s: %s", rows[i].why, e.text);
        arena_clear(&arena);
    }
}

static void options_cannot_change(void **state)
{
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "the same, in another order", "[comb a]\ncell=1\n[bee]\nusername=u\nid=maja\n", "" },
        { "another value", "[bee]\nid=maja\nusername=v\n",
          ":3: username cannot change while the program runs: restart it" },
        { "a value that is gone", "[bee]\nid=maja\n", ": username cannot change while the program runs: restart it" },
        { "one more", "[bee]\nid=maja\nusername=u\nroot=s\n",
          ":4: root cannot change while the program runs: restart it" },
    };
    struct bee_conf before;
    struct arena arena;
    (void)state;
    arena = (struct arena){ 0 };
    assert_int_equal(reread("[bee]\nid=maja\nusername=u\n", "--log-level=info", &before, &arena, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bee_conf conf;
        struct errbuf e = { 0 };
        char want[160] = "";
        enum err err = reread_after(&before, rows[i].text, "--log-level=info", &conf, &arena, &e);
        if (rows[i].want[0])
            snprintf(want, sizeof want, "%s%s", ini, rows[i].want);
        if (err != (want[0] ? ERR_REFUSED : OK) || strcmp(e.text, want) != 0)
            fail_msg("%s: %s", rows[i].why, e.text);
    }
    arena_clear(&arena);
}

static void options_and_the_whole_are_checked_again(void **state)
{
    struct bee_conf conf;
    struct errbuf e = { 0 };
    struct arena arena;
    (void)state;
    arena = (struct arena){ 0 };
    assert_int_equal(reread("[bee]\nid=queen\n", "--root=r", &conf, &arena, &e), ERR_REFUSED);
    assert_string_equal(e.text, "--id queen: there is one already");
    assert_int_equal(reread("", "--sting", &conf, &arena, &e), ERR_UNKNOWN);
    assert_string_equal(e.text, "--sting: unknown option");
    arena_clear(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(own_sections_go_to_the_program),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
        cmocka_unit_test(options_cannot_change),
        cmocka_unit_test(options_and_the_whole_are_checked_again),
    };
    return cmocka_run_group_tests(tests, setup, tear_down);
}
