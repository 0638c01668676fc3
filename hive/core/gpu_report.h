/* gpu_report.h - what the process that reads the GPUs (gpu_reader.h) reports to the hive: their list, and the processes
 * that use them. As text in between, which is checked like a message: that process runs the code of drivers. Pure. */
#ifndef SKEP_GPU_REPORT_H
#define SKEP_GPU_REPORT_H

#include "arena.h"
#include "buf.h"
#include "msg.h"

#define GPU_REPORT_BYTES_MAX (96 * 1024) /* more than any report takes */
#define GPU_USERS_MAX 192                /* with one row for each GPU */
#define GPU_USER_PIDS_MAX 24

/* A process that uses the GPU: its pid, its parent's, and so on. Without any: the processes that use it are listed. */
struct gpu_user {
    uint8_t index;
    uint8_t count;
    int64_t pids[GPU_USER_PIDS_MAX];
};

struct gpu_report {
    struct gpu_list gpus; /* texts are borrowed */
    size_t user_count;
    struct gpu_user users[GPU_USERS_MAX];
};

/* One more GPU, of which nothing is known but its index; NULL: there is no room. */
struct gpu *gpu_report_add(struct gpu_report *report);

/* `pid` 0: its processes are listed. What there is no room for is left out. */
void gpu_report_add_user(struct gpu_report *report, int64_t index, int64_t pid);

/* The GPUs that `pid`, or what it has started, uses. Unknown where no GPU's processes are listed. */
struct index_set gpu_report_uses(const struct gpu_report *report, int64_t pid);

void gpu_report_encode(const struct gpu_report *report, struct buf *ret);

/* *ret may change on failure; its texts live in the arena. The errors of json_scan; ERR_TYPE, ERR_RANGE, ERR_TOO_LARGE.
 */
enum err gpu_report_decode(struct arena *arena, struct text json, struct gpu_report *ret, struct errbuf *e);

#endif
