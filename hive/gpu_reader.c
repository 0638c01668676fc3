#include "gpu_reader.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "exit_status.h"
#include "gpu_amd.h"
#include "gpu_nvml.h"
#include "proc.h"

struct reader {
    const char *root;
    struct nvml *nvml;
    struct arena arena; /* of one report */
    struct buf json;
    struct gpu_report report;
};

/* Up to the hive, whose child the agent is, or the first process. */
static void add_ancestors(struct gpu_user *user)
{
    struct proc_stat stat;
    while (user->count > 0 && user->count < GPU_USER_PIDS_MAX &&
           proc_read_stat(user->pids[user->count - 1], &stat) == OK && stat.parent > 1 && stat.parent != getppid())
        user->pids[user->count++] = stat.parent;
}

/* ERR_NOT_FOUND: there is no GPU. */
static enum err read_gpus(struct reader *reader)
{
    struct gpu_report *report = &reader->report;
    arena_reset(&reader->arena);
    *report = (struct gpu_report){ 0 };
    if (reader->nvml && nvml_read(reader->nvml, report) != OK)
        return ERR_IO;
    gpu_amd_read(reader->root, &reader->arena, report);
    for (size_t i = 0; i < report->user_count; i++)
        add_ancestors(&report->users[i]);
    return report->gpus.count > 0 ? OK : ERR_NOT_FOUND;
}

static enum err answer(struct reader *reader)
{
    enum err err = read_gpus(reader);
    if (err != OK)
        return err;
    buf_reset(&reader->json);
    gpu_report_encode(&reader->report, &reader->json);
    if (!buf_ok(&reader->json))
        return ERR_NOMEM;
    return send(STDIN_FILENO, buf_str(&reader->json), reader->json.len, MSG_NOSIGNAL) < 0 ? ERR_IO : OK;
}

int gpu_reader_run(const char *root)
{
    static struct reader reader;
    enum err err = OK;
    char request;
    (void)prctl(PR_SET_NAME, GPU_READER_NAME);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    reader.root = root;
    reader.nvml = nvml_new();
    while (err == OK && recv(STDIN_FILENO, &request, sizeof request, 0) == 1)
        err = answer(&reader);
    nvml_free(reader.nvml);
    arena_clear(&reader.arena);
    buf_clear(&reader.json);
    return err == OK || err == ERR_NOT_FOUND ? EXIT_OK : EXIT_FAILED;
}
