#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "secret.h"
#include "text.h"

static char folder[] = "/tmp/test_secret.XXXXXX", path[64];

static int folder_make(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/secret", folder);
    return 0;
}

static int folder_remove(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void file_write(struct text bytes, mode_t mode)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void lines(void **state)
{
    const struct {
        const char *why;
        struct text bytes;
        mode_t mode;
        enum err err;
        const char *want;
    } rows[] = {
        { "with a newline", TEXT("s3!cret\n"), 0600, OK, "s3!cret" },
        { "without", TEXT("s3!cret"), 0600, OK, "s3!cret" },
        { "DOS", TEXT("s3!cret\r\n"), 0600, OK, "s3!cret" },
        { "only the first line", TEXT("s3!cret\nmore\n"), 0600, OK, "s3!cret" },
        { "blanks belong to it", TEXT(" s3! cret \n"), 0600, OK, " s3! cret " },
        { "readable by all is the owner's choice", TEXT("s3!cret\n"), 0644, OK, "s3!cret" },
        { "the group may write", TEXT("s3!cret\n"), 0620, ERR_REFUSED, NULL },
        { "others may write", TEXT("s3!cret\n"), 0602, ERR_REFUSED, NULL },
        { "empty file", TEXT(""), 0600, ERR_MISSING, NULL },
        { "empty line", TEXT("\ns3!cret\n"), 0600, ERR_MISSING, NULL },
        { "NUL would cut it", TEXT("s3!\0cret\n"), 0600, ERR_SYNTAX, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        char *secret = NULL;
        enum err err;
        file_write(rows[i].bytes, rows[i].mode);
        err = secret_read(path, &secret, &e);
        if (err != rows[i].err || (err == OK && strcmp(secret, rows[i].want) != 0) || (err && secret))
            fail_msg("%s: %s %s", rows[i].why, err_name(err), e.text);
        assert_null(strstr(e.text, "s3!")); /* no sentence quotes it; the name of the file has no such mark */
        free(secret);
    }
}

static void lengths(void **state)
{
    static const struct {
        size_t len;
        const char *end;
        enum err err;
    } rows[] = {
        { 4096, "", OK },   { 4096, "\n", OK },          { 4096, "\r\n", OK },          { 4096, "\nmore", OK },
        { 4095, "\n", OK }, { 4097, "", ERR_TOO_LARGE }, { 4097, "\n", ERR_TOO_LARGE }, { 9000, "", ERR_TOO_LARGE },
    };
    static char bytes[9001];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char *secret = NULL;
        enum err err;
        memset(bytes, 'x', rows[i].len);
        memcpy(bytes + rows[i].len, rows[i].end, strlen(rows[i].end));
        file_write((struct text){ bytes, rows[i].len + strlen(rows[i].end) }, 0600);
        err = secret_read(path, &secret, NULL);
        if (err != rows[i].err || (err == OK && strlen(secret) != rows[i].len))
            fail_msg("%zu bytes, row %zu: %s", rows[i].len, i, err_name(err));
        free(secret);
    }
}

static void absent(void **state)
{
    struct errbuf e = { 0 };
    char *secret = NULL;
    (void)state;
    unlink(path);
    assert_int_equal(secret_read(path, &secret, &e), ERR_NOT_FOUND);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(secret_read("/proc/self", &secret, &e), ERR_IO); /* a folder */
    assert_null(secret);
}

/* A FIFO without a writer must not keep the program from starting. */
static void only_regular_files(void **state)
{
    struct errbuf e = { 0 };
    char *secret = NULL, link[80];
    int fd = -1;
    (void)state;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(secret_read(path, &secret, &e), ERR_IO);
    assert_non_null(strstr(e.text, "not a regular file"));
    assert_int_equal(secret_open(path, &fd, &e), ERR_IO);
    assert_int_equal(secret_read("/dev/zero", &secret, &e), ERR_IO);
    unlink(path);
    file_write(TEXT("s3cret\n"), 0600);
    snprintf(link, sizeof link, "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(secret_read(link, &secret, &e), OK);
    assert_string_equal(secret, "s3cret");
    assert_int_equal(secret_open(link, &fd, &e), OK);
    close(fd);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(secret_open(link, &fd, &e), ERR_REFUSED); /* what it leads to counts */
    unlink(link);
    secret_free(secret);
}

#define STACK_SIZE (2 * 1024 * 1024)

static char pattern[64]; /* what the secret has, and nothing else */
static bool is_watched, was_cleared;

/* Named by the linker's --wrap. */
void __real_free(void *memory);
void __wrap_free(void *memory);

void __wrap_free(void *memory)
{
    if (is_watched && memory)
        was_cleared &= !memmem(memory, malloc_usable_size(memory), pattern, sizeof pattern);
    __real_free(memory);
}

static void *read_it(void *user)
{
    (void)secret_read(path, user, NULL);
    return NULL;
}

/* Reads it on a stack that can be examined afterwards. */
static char *read_on(char *stack)
{
    pthread_attr_t attributes;
    pthread_t thread;
    char *secret = NULL;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_SIZE), 0);
    assert_int_equal(pthread_create(&thread, &attributes, read_it, &secret), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
    return secret;
}

/* What a core dump, or memory that is used again, could give away. */
static void no_copy_stays_behind(void **state)
{
    char *stack = aligned_alloc(4096, STACK_SIZE), *secret;
    (void)state;
    for (size_t i = 0; i < sizeof pattern; i++)
        pattern[i] = (char)('!' + i);
    assert_non_null(stack);
    memset(stack, 0, STACK_SIZE);
    unlink(path);
    file_write((struct text){ pattern, sizeof pattern }, 0600);
    secret = read_on(stack);
    assert_non_null(secret);
    assert_memory_equal(secret, pattern, sizeof pattern);
#ifndef __SANITIZE_ADDRESS__ /* which makes copies of its own */
    assert_null(memmem(stack, STACK_SIZE, pattern, sizeof pattern));
#endif
    is_watched = was_cleared = true;
    secret_free(secret);
    is_watched = false;
    assert_true(was_cleared);
    free(stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(lengths),
        cmocka_unit_test(absent),
        cmocka_unit_test(only_regular_files),
        cmocka_unit_test(no_copy_stays_behind),
    };
    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
