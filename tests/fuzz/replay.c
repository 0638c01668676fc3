/* replay.c - main() of a fuzz target without libFuzzer: runs each file of a corpus, whole and cut off at so many
 * lengths (or at every one, of a short file). Fails on an empty corpus. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_CUTS 2048 /* where no number is given */
#define REPLAY_FILE_MAX (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A copy of its own length, so that AddressSanitizer sees a read behind the end. */
static void run_copy(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);
    if (!copy)
        abort();
    memcpy(copy, bytes, len);
    LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static size_t cuts = REPLAY_CUTS;

static void run_cuts(const uint8_t *bytes, size_t len)
{
    for (size_t cut = 0; cut < len; cut += 1 + len / cuts)
        run_copy(bytes, cut);
    run_copy(bytes, len);
}

/* False if the file cannot be read whole. */
static bool run_file(const char *path)
{
    static uint8_t bytes[REPLAY_FILE_MAX];
    FILE *file = fopen(path, "rb");
    if (!file)
        return false;
    size_t len = fread(bytes, 1, sizeof bytes, file);
    bool whole = feof(file) && !ferror(file);
    fclose(file);
    if (whole)
        run_cuts(bytes, len);
    return whole;
}

static int run_folder(const char *folder, DIR *dir)
{
    int count = 0;
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char path[4096];
        int len = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] == '.')
            continue;
        if (len < 0 || (size_t)len >= sizeof path || !run_file(path)) {
            fprintf(stderr, "%s: cannot be read\n", entry->d_name);
            return -1;
        }
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    DIR *dir = argc == 2 || argc == 3 ? opendir(argv[1]) : NULL;
    int count;
    if (argc == 3)
        cuts = (size_t)atoi(argv[2]) + 1;
    count = dir ? run_folder(argv[1], dir) : 0;
    if (dir)
        closedir(dir);
    if (count <= 0) {
        fprintf(stderr, "usage: %s FOLDER [CUTS], with at least one readable file\n", argv[0]);
        return EXIT_FAILURE;
    }
    printf("%d files\n", count);
    return EXIT_SUCCESS;
}
