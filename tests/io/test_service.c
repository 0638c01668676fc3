/* The start of a program as its user sees it: exit code, stdout, stderr, with real files and the real environment. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "service.h"

struct bee_conf {
    struct service_conf common;
    const char *id, *http;
    ms_t stale_after;
};

static const struct conf_option bee_options[] = {
    { "id", CONF_ID, offsetof(struct bee_conf, id), .fallback = "bee", .arg = "ID", .help = "name of this bee" },
    { "http", CONF_TEXT, offsetof(struct bee_conf, http), .fallback = "127.0.0.1:7833", .arg = "ADDRESS",
      .help = "where to listen" },
    { "stale-after", CONF_DURATION, offsetof(struct bee_conf, stale_after), .min = 3000, .max = 86400000,
      .fallback = "90s", .arg = "TIME", .help = "silence after which a sender is lost" },
    { 0 },
};

static const struct service bee = {
    .name = "skep-bee",
    .summary = "a bee for tests",
    .examples = "  skep-bee --id maja\n",
    .usage = "skep-bee [OPTIONS] [FLOWER...]",
    .section = "bee",
    .options = bee_options,
    .common_offset = offsetof(struct bee_conf, common),
    .takes_words = true,
};

/* The same for a program that takes options only. */
static const struct service drone = {
    .name = "skep-drone",
    .section = "bee",
    .options = bee_options,
    .common_offset = offsetof(struct bee_conf, common),
};

static enum err bee_check(void *target, struct errbuf *e)
{
    const struct bee_conf *conf = target;

    if (strcmp(conf->http, "1.2.3.4") == 0)
        return err_set(e, ERR_SYNTAX, "--http %s: must be HOST:PORT", conf->http);
    return OK;
}

#define OUTPUT_SIZE 16384
#define ARGUMENTS_MAX 8

static char folder[] = "/tmp/test_service.XXXXXX", ini[64], out_path[64], err_path[64];

/* One start of the program. */
struct start {
    struct bee_conf conf;
    struct arena arena;
    int code, next;
    char out[OUTPUT_SIZE], err[OUTPUT_SIZE];
};

static int stream_divert(FILE *stream, const char *path)
{
    int saved = dup(fileno(stream)), fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(saved >= 0 && fd >= 0);
    fflush(stream);
    dup2(fd, fileno(stream));
    close(fd);
    return saved;
}

static void stream_restore(FILE *stream, int saved, char ret[OUTPUT_SIZE])
{
    ssize_t len;

    fflush(stream);
    len = pread(fileno(stream), ret, OUTPUT_SIZE - 1, 0);
    dup2(saved, fileno(stream));
    close(saved);
    assert_true(len >= 0);
    ret[len] = '\0';
}

/* `words` ends with NULL. */
static struct start *program_start(const struct service *program, const char *const *words)
{
    struct start *start = calloc(1, sizeof *start);
    char *argv[ARGUMENTS_MAX + 2] = { (char *)"skep-bee" };
    int argc = 1, out, err;

    assert_non_null(start);
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    start->next = -1;
    arena_init(&start->arena, 0);
    out = stream_divert(stdout, out_path);
    err = stream_divert(stderr, err_path);
    start->code = service_configure(program, argc, argv, &start->conf, &start->arena, bee_check, &start->next);
    stream_restore(stdout, out, start->out);
    stream_restore(stderr, err, start->err);
    return start;
}

static struct start *start_with(const char *const *words)
{
    return program_start(&bee, words);
}

#define START(...) start_with((const char *const[ARGUMENTS_MAX + 1]){ __VA_ARGS__ })

static void start_free(struct start *start)
{
    arena_clear(&start->arena);
    free(start);
}

static void ini_write(const char *text)
{
    FILE *file = fopen(ini, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int scene_begin(void **state)
{
    (void)state;
    unsetenv("SKEP_CONFIG");
    unsetenv("SKEP_ID");
    unsetenv("SKEP_STALE_AFTER");
    unlink(ini);
    snprintf(out_path, sizeof out_path, "%s/stdout", folder);
    return 0;
}

static void defaults(void **state)
{
    struct start *start = START(NULL);

    (void)state;
    assert_int_equal(start->code, -1);
    assert_int_equal(start->next, 1);
    assert_string_equal(start->conf.id, "bee");
    assert_true(start->conf.stale_after == 90000);
    assert_string_equal(start->conf.common.broker, "mqtt://127.0.0.1:1883");
    assert_string_equal(start->conf.common.root, "skep/v1");
    assert_string_equal(start->conf.common.log_format, "auto");
    assert_string_equal(start->conf.common.log_level, "info");
    assert_null(start->conf.common.username);
    assert_null(start->conf.common.password_file);
    assert_string_equal(start->out, "");
    assert_string_equal(start->err, "");
    start_free(start);
}

/* Each source says its own; the strongest that speaks is heard. */
static void precedence(void **state)
{
    static const struct {
        const char *why, *file, *environment, *option, *want;
    } rows[] = {
        { "default", NULL, NULL, NULL, "bee" },           { "file over default", "f", NULL, NULL, "f" },
        { "environment over file", "f", "e", NULL, "e" }, { "option over environment", "f", "e", "o", "o" },
        { "option over file", "f", NULL, "o", "o" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start;
        char text[64] = "";

        unsetenv("SKEP_ID");
        if (rows[i].file)
            snprintf(text, sizeof text, "[bee]\nid = %s\n", rows[i].file);
        ini_write(text);
        if (rows[i].environment)
            setenv("SKEP_ID", rows[i].environment, 1);
        start = rows[i].option ? START("--id", rows[i].option, "--config", ini) : START("--config", ini);
        if (start->code != -1 || strcmp(start->conf.id, rows[i].want) != 0)
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void file_named_by_the_environment(void **state)
{
    struct start *start;

    (void)state;
    ini_write("[bee]\nbroker = mqtts://example:8883\nstale-after=5m\n");
    setenv("SKEP_CONFIG", ini, 1);
    start = START("--", "rose");
    assert_int_equal(start->code, -1);
    assert_string_equal(start->conf.common.broker, "mqtts://example:8883");
    assert_true(start->conf.stale_after == 300000);
    assert_int_equal(start->next, 2);
    start_free(start);
}

static void bad_files(void **state)
{
    static const struct {
        const char *why, *text, *want;
    } rows[] = {
        { "unknown key", "[bee]\n\nsting=1\n", ":3: sting: unknown option" },
        { "unknown section", "[bee]\n[wasp]\n", ":2: unknown section [wasp]: must be [bee]" },
        { "repeated section", "[bee]\nid=a\n[bee]\nhttp=x\n", ":3: section [bee] repeated: it began in line 1" },
        { "repeated key", "[bee]\nid=a\nid=b\n", ":3: id: repeated: it stands in line 2 too" },
        { "repeated common key", "[bee]\nroot=a\nroot=a\n", ":3: root: repeated: it stands in line 2 too" },
        { "key before the section", "id=a\n[bee]\n", ":1: id: stands before [bee]" },
        { "a file does not name a file", "[bee]\nconfig=x\n", ":2: config: not allowed in the file itself" },
        { "asking belongs to the command line", "[bee]\nhelp=yes\n", ":2: help: only allowed on the command line" },
        { "bad value", "[bee]\nstale-after=1s\n",
          ":2: stale-after 1s: must be a duration such as 200ms, 30s, 5m, 1h between 3s and 1d" },
        { "what libinih would cut", "[bee]\nhttp=a ;b\n",
          ":2: ` ;` would cut the line: a comment needs a line of its own" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start;
        char want[256];

        ini_write(rows[i].text);
        start = START("--config", ini, "--id", "o"); /* a stronger source hides no mistake */
        snprintf(want, sizeof want, "skep-bee: %s%s\n", ini, rows[i].want);
        if (start->code != EXIT_USAGE || strcmp(start->err, want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void missing_file(void **state)
{
    struct start *start = START("--config", "/nonexistent/bee.ini");

    (void)state;
    assert_int_equal(start->code, EXIT_USAGE);
    assert_string_equal(start->err, "skep-bee: /nonexistent/bee.ini: No such file or directory\n");
    start_free(start);
}

static void usage_errors(void **state)
{
    static const struct {
        const char *why, *words[ARGUMENTS_MAX], *want;
    } rows[] = {
        { "unknown option", { "--sting" }, "skep-bee: --sting: unknown option\n" },
        { "no value", { "--http" }, "skep-bee: --http: needs a value (ADDRESS)\n" },
        { "found by the program's own check",
          { "--http", "1.2.3.4" },
          "skep-bee: --http 1.2.3.4: must be HOST:PORT\n" },
        { "--check-config runs that check",
          { "--check-config", "--http", "1.2.3.4" },
          "skep-bee: --http 1.2.3.4: must be HOST:PORT\n" },
        { "choice", { "--log-format=xml" }, "skep-bee: --log-format xml: must be one of auto|logfmt|json\n" },
        { "no escape sequence reaches the terminal", { "--\033[2J" }, "skep-bee: --?[2J: unknown option\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start = start_with(rows[i].words);

        if (start->code != EXIT_USAGE || strcmp(start->err, rows[i].want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void words_that_nobody_reads(void **state)
{
    static const struct {
        const char *why, *words[ARGUMENTS_MAX], *want;
    } rows[] = {
        { "option forgotten", { "1.2.3.4" }, "skep-drone: 1.2.3.4: only options are taken, and this is none\n" },
        { "behind --", { "--", "-x" }, "skep-drone: -x: only options are taken, and this is none\n" },
        { "not even checked",
          { "--check-config", "a", "b" },
          "skep-drone: a: only options are taken, and this is none\n" },
        { "the empty word is one", { "" }, "skep-drone: : only options are taken, and this is none\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct start *start = program_start(&drone, rows[i].words);

        if (start->code != EXIT_USAGE || strcmp(start->err, rows[i].want) != 0 || start->out[0])
            fail_msg("%s: %d %s", rows[i].why, start->code, start->err);
        start_free(start);
    }
}

static void bad_environment(void **state)
{
    struct start *start;

    (void)state;
    setenv("SKEP_STALE_AFTER", "soon", 1);
    start = START(NULL);
    assert_int_equal(start->code, EXIT_USAGE);
    assert_memory_equal(start->err, "skep-bee: SKEP_STALE_AFTER soon: must be a duration", 51);
    start_free(start);
    start = START("--help"); /* help is there when it is needed most */
    assert_int_equal(start->code, EXIT_OK);
    start_free(start);
}

static void version(void **state)
{
    struct start *start = START("--version");

    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->out, "skep-bee " SKEP_VERSION "\n");
    assert_string_equal(start->err, "");
    start_free(start);
}

static void help(void **state)
{
    static const char *const parts[] = { /* in this order */
                                         "skep-bee - a bee for tests\n",
                                         "\nUsage: skep-bee [OPTIONS] [FLOWER...]\n",
                                         "\nExamples:\n  skep-bee --id maja\n",
                                         "\nOptions:\n",
                                         "--stale-after TIME",
                                         "\nOptions of every program:\n",
                                         "--broker URI",
                                         "-h, --help",
                                         "\nExit codes:\n    0  ok\n",
                                         "  130  interrupted\n"
    };
    struct start *start = START("-h");
    const char *at = start->out;

    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->err, "");
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const char *found = strstr(at, parts[i]);

        if (!found)
            fail_msg("%s is missing or in the wrong place:\n%s", parts[i], start->out);
        at = found;
    }
    for (const char *line = start->out; *line; line = strchr(line, '\n') + 1)
        assert_in_range(strcspn(line, "\n"), 0, 80); /* not a terminal: 80 columns */
    start_free(start);
}

static void check_config(void **state)
{
    struct start *start = START("--check-config");

    (void)state;
    assert_int_equal(start->code, EXIT_OK);
    assert_string_equal(start->out, "configuration is valid\n");
    assert_string_equal(start->err, "");
    start_free(start);
}

static void print_config(void **state)
{
    struct start *start;

    (void)state;
    ini_write("[bee]\nhttp=[::1]:80\n");
    setenv("SKEP_STALE_AFTER", "10s", 1);
    start = START("--print-config", "--config", ini, "--password-file", "/etc/skep/password");
    assert_int_equal(start->code, EXIT_OK);
    assert_non_null(strstr(start->out, "[bee]\n# the default\nid = bee\n"));
    assert_non_null(strstr(start->out, "\n# from the file\nhttp = [::1]:80\n"));
    assert_non_null(strstr(start->out, "\n# from the environment\nstale-after = 10s\n"));
    assert_non_null(strstr(start->out, "\n# from an option\npassword-file = /etc/skep/password\n"));
    assert_non_null(strstr(start->out, "\n# the default\nroot = skep/v1\n"));
    start_free(start);
}

/* What one start prints, the next one reads: the same values, now from the file. */
static void printed_config_is_a_file(void **state)
{
    struct start *first, *second;

    (void)state;
    ini_write("[bee]\nhttp=[::1]:80\n");
    setenv("SKEP_STALE_AFTER", "10s", 1);
    first = START("--print-config", "--config", ini, "--username", "a#b # c", "--log-level=debug");
    unsetenv("SKEP_STALE_AFTER");
    ini_write(first->out);
    start_free(first);

    second = START("--config", ini);
    assert_string_equal(second->err, "");
    assert_int_equal(second->code, -1);
    assert_string_equal(second->conf.id, "bee");
    assert_string_equal(second->conf.http, "[::1]:80");
    assert_true(second->conf.stale_after == 10000);
    assert_string_equal(second->conf.common.username, "a#b # c");
    assert_string_equal(second->conf.common.log_level, "debug");
    assert_null(second->conf.common.cafile);
    start_free(second);
}

static void full_stdout_is_a_failure(void **state)
{
    struct start *start;

    (void)state;
    snprintf(out_path, sizeof out_path, "/dev/full");
    start = START("--version");
    clearerr(stdout);
    assert_int_equal(start->code, EXIT_FAILED);
    assert_string_equal(start->err, "skep-bee: cannot write to stdout\n");
    start_free(start);
}

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(ini, sizeof ini, "%s/bee.ini", folder);
    snprintf(err_path, sizeof err_path, "%s/stderr", folder);
    return 0;
}

static int folder_remove(void **state)
{
    scene_begin(state);
    unlink(out_path);
    unlink(err_path);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(defaults, scene_begin),
        cmocka_unit_test_setup(precedence, scene_begin),
        cmocka_unit_test_setup(file_named_by_the_environment, scene_begin),
        cmocka_unit_test_setup(bad_files, scene_begin),
        cmocka_unit_test_setup(missing_file, scene_begin),
        cmocka_unit_test_setup(usage_errors, scene_begin),
        cmocka_unit_test_setup(words_that_nobody_reads, scene_begin),
        cmocka_unit_test_setup(bad_environment, scene_begin),
        cmocka_unit_test_setup(version, scene_begin),
        cmocka_unit_test_setup(help, scene_begin),
        cmocka_unit_test_setup(check_config, scene_begin),
        cmocka_unit_test_setup(print_config, scene_begin),
        cmocka_unit_test_setup(printed_config_is_a_file, scene_begin),
        cmocka_unit_test_setup(full_stdout_is_a_failure, scene_begin),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
