/* run_scenario FILE: plays a scenario and compares the trace with the file, which is its own expectation. Prints what
 * is different. `run_scenario --write FILE...` writes the traces into the files instead: read the difference;
 * `run_scenario --arrivals FILE` prints what arrived, was announced and was true (arrivals.h). */
#include <stdio.h>
#include <stdlib.h>

#include "script.h"

static bool read_file(const char *path, struct buf *ret)
{
    char chunk[4096];
    size_t got;
    FILE *file = fopen(path, "re");
    if (!file) {
        perror(path);
        return false;
    }
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(ret, chunk, got);
    fclose(file);
    return buf_ok(ret);
}

static bool write_file(const char *path, struct text text)
{
    FILE *file = fopen(path, "we");
    bool fine = file && fwrite(text.at, 1, text.len, file) == text.len;
    if (!file || fclose(file) != 0 || !fine) {
        perror(path);
        return false;
    }
    return true;
}

static void print_difference(struct text want, struct text got)
{
    unsigned number = 0;
    while (want.len > 0 || got.len > 0) {
        struct text wanted = text_split(&want, '\n'), made = text_split(&got, '\n');
        number++;
        if (text_equal(wanted, made))
            continue;
        printf("line %u\n  want: %.*s\n  got:  %.*s\n", number, (int)wanted.len, wanted.at ? wanted.at : "",
               (int)made.len, made.at ? made.at : "");
        return;
    }
}

static bool run(const char *path, bool write)
{
    struct buf want = BUF_INIT, got = BUF_INIT;
    struct errbuf e = { 0 };
    bool fine = read_file(path, &want);
    if (fine && script_play(buf_text(&want), NULL, &got, &e) != OK) {
        printf("%s: %s\n", path, e.text);
        fine = false;
    } else if (fine && write) {
        fine = write_file(path, buf_text(&got));
    } else if (fine && !text_equal(buf_text(&want), buf_text(&got))) {
        printf("%s: the trace is not as expected\n", path);
        print_difference(buf_text(&want), buf_text(&got));
        printf("\nthe whole trace:\n%s", buf_str(&got));
        fine = false;
    }
    buf_clear(&want);
    buf_clear(&got);
    return fine;
}

static bool print_arrivals(const char *path)
{
    struct buf scenario = BUF_INIT, trace = BUF_INIT;
    struct arrivals arrivals = { 0 };
    struct errbuf e = { 0 };
    bool fine = read_file(path, &scenario);
    if (fine && script_play(buf_text(&scenario), &arrivals, &trace, &e) != OK) {
        fprintf(stderr, "%s: %s\n", path, e.text);
        fine = false;
    }
    fine &= buf_ok(&arrivals.text);
    if (fine)
        fputs(buf_str(&arrivals.text), stdout);
    arrivals_clear(&arrivals);
    buf_clear(&trace);
    buf_clear(&scenario);
    return fine;
}

int main(int argc, char **argv)
{
    bool write = argc > 1 && strcmp(argv[1], "--write") == 0, fine = argc > 1 + write;
    if (!fine) {
        puts("usage: run_scenario [--write] FILE...\n       run_scenario --arrivals FILE\ncommands of a scenario:");
        script_print_commands();
    }
    if (argc == 3 && strcmp(argv[1], "--arrivals") == 0)
        return print_arrivals(argv[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1 + write; i < argc; i++)
        fine &= run(argv[i], write);
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
