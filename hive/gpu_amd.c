#include "gpu_amd.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>

#include "proc.h"

#define CARDS_MAX 128

/* Files and units: Documentation/gpu/amdgpu of Linux 6.1. */

/* Its first line; empty when it cannot be read. Borrowed from `bytes`. */
static struct text line_of(const char *folder, const char *name, char bytes[PROC_FILE_SIZE])
{
    char path[PATH_MAX];
    struct text file = { bytes, 0 };
    if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        file = proc_read_file(path, bytes);
    return text_trim(text_split(&file, '\n'));
}

static int64_t number_of(const char *folder, const char *name)
{
    char bytes[PROC_FILE_SIZE];
    int64_t number;
    return text_to_int(line_of(folder, name, bytes), &number) == OK && number >= 0 ? number : INT_ABSENT;
}

/* NULL: there is none. */
static const char *text_from(const char *folder, const char *name, struct arena *arena)
{
    char bytes[PROC_FILE_SIZE], shown[96];
    struct text line = line_of(folder, name, bytes);
    text_to_printable(line, shown, sizeof shown);
    return line.len > 0 ? arena_copy(arena, text_of(shown)) : NULL;
}

/* The folder has one member, whose number is that of the machine's sensors. */
static double temperature_of(const char *folder)
{
    char path[PATH_MAX];
    int64_t millidegrees = INT_ABSENT;
    const struct dirent *entry;
    DIR *sensors;
    snprintf(path, sizeof path, "%s/hwmon", folder);
    sensors = opendir(path);
    while (sensors && millidegrees == INT_ABSENT && (entry = readdir(sensors)) != NULL)
        if (entry->d_name[0] != '.' &&
            snprintf(path, sizeof path, "%s/hwmon/%s", folder, entry->d_name) < (int)sizeof path)
            millidegrees = number_of(path, "temp1_input");
    if (sensors)
        closedir(sensors);
    return millidegrees == INT_ABSENT || millidegrees > 1000000 ? NAN : (double)millidegrees / 1000;
}

/* "ue: 2", uncorrected errors, beside lines of other kinds; 0 where it has none. */
static int64_t uncorrected_in(struct text file)
{
    int64_t count;
    while (file.at) {
        struct text line = text_split(&file, '\n');
        if (text_skip(&line, TEXT("ue:")) && text_to_int(text_trim(line), &count) == OK && count >= 0)
            return count;
    }
    return 0;
}

/* One file for each block of the GPU: umc_err_count is that of its memory. */
static int64_t errors_of(const char *folder)
{
    char path[PATH_MAX], bytes[PROC_FILE_SIZE];
    const struct dirent *entry;
    int64_t sum = 0;
    DIR *blocks;
    snprintf(path, sizeof path, "%s/ras", folder);
    blocks = opendir(path);
    if (!blocks)
        return INT_ABSENT;
    while ((entry = readdir(blocks)) != NULL)
        if (strstr(entry->d_name, "_err_count") &&
            snprintf(path, sizeof path, "%s/ras/%s", folder, entry->d_name) < (int)sizeof path)
            sum += uncorrected_in(proc_read_file(path, bytes));
    closedir(blocks);
    return sum <= (int64_t)MSG_INT_MAX ? sum : INT_ABSENT;
}

/* Not of one that sleeps: to be read it would be woken, and a laptop's battery pays for it. */
static void read_sensors(const char *folder, struct gpu *ret)
{
    char bytes[PROC_FILE_SIZE];
    int64_t percent;
    if (text_is(line_of(folder, "power/runtime_status", bytes), "suspended"))
        return;
    percent = number_of(folder, "gpu_busy_percent");
    if (percent != INT_ABSENT && percent <= 100)
        ret->utilization = (double)percent / 100;
    ret->temperature_c = temperature_of(folder);
    ret->errors = errors_of(folder);
}

/* Cards of other drivers have no such file. */
static void read_card(const char *folder, struct arena *arena, struct gpu_report *report)
{
    int64_t total = number_of(folder, "mem_info_vram_total");
    struct gpu *gpu = total == INT_ABSENT ? NULL : gpu_report_add(report);
    if (!gpu)
        return;
    gpu->memory_total_bytes = total;
    gpu->memory_used_bytes = number_of(folder, "mem_info_vram_used");
    gpu->uuid = text_from(folder, "unique_id", arena);
    gpu->name = text_from(folder, "product_name", arena);
    read_sensors(folder, gpu);
}

void gpu_amd_read(const char *root, struct arena *arena, struct gpu_report *report)
{
    char folder[PATH_MAX / 2];
    for (int card = 0; card < CARDS_MAX; card++)
        if (snprintf(folder, sizeof folder, "%s/sys/class/drm/card%d/device", root, card) < (int)sizeof folder)
            read_card(folder, arena, report);
}
