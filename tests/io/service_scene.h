/* service_scene.h - the start of a program as its user sees it: exit code, stdout, stderr, with real files and the real
 * environment. */
#ifndef TEST_SERVICE_SCENE_H
#define TEST_SERVICE_SCENE_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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
    .exit_codes = SERVICE_EXIT_CODES,
    .section = "bee",
    .options = bee_options,
    .takes_words = true,
};

/* The same for a program that takes options only. */
static const struct service drone = {
    .name = "skep-drone",
    .section = "bee",
    .options = bee_options,
};

static inline enum err bee_check(void *target, struct errbuf *e)
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

static inline int stream_divert(FILE *stream, const char *path)
{
    int saved = dup(fileno(stream)), fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(saved >= 0 && fd >= 0);
    fflush(stream);
    dup2(fd, fileno(stream));
    close(fd);
    return saved;
}

static inline void stream_restore(FILE *stream, int saved, char ret[OUTPUT_SIZE])
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
static inline struct start *program_start(const struct service *program, const char *const *words)
{
    struct start *start = calloc(1, sizeof *start);
    char *argv[ARGUMENTS_MAX + 2] = { (char *)"skep-bee" };
    int argc = 1, out, err;
    assert_non_null(start);
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)words[argc - 1];
    start->next = -1;
    start->arena = (struct arena){ 0 };
    out = stream_divert(stdout, out_path);
    err = stream_divert(stderr, err_path);
    start->code = service_configure(program, argc, argv, &start->conf, &start->arena, bee_check, &start->next);
    stream_restore(stdout, out, start->out);
    stream_restore(stderr, err, start->err);
    return start;
}

static inline struct start *start_with(const char *const *words)
{
    return program_start(&bee, words);
}

#define START(...) start_with((const char *const[ARGUMENTS_MAX + 1]){ __VA_ARGS__ })

static inline void start_free(struct start *start)
{
    arena_clear(&start->arena);
    free(start);
}

static inline void ini_write(const char *text)
{
    FILE *file = fopen(ini, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static inline int scene_begin(void **state)
{
    (void)state;
    umask(022); /* no file is trusted that others may write */
    unsetenv("SKEP_CONFIG");
    unsetenv("SKEP_ID");
    unsetenv("SKEP_STALE_AFTER");
    unlink(ini);
    snprintf(out_path, sizeof out_path, "%s/stdout", folder);
    return 0;
}

static inline int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(ini, sizeof ini, "%s/bee.ini", folder);
    snprintf(err_path, sizeof err_path, "%s/stderr", folder);
    return 0;
}

static inline int folder_remove(void **state)
{
    scene_begin(state);
    unlink(out_path);
    unlink(err_path);
    return rmdir(folder);
}

#endif
