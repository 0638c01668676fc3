#include "gpu_report.h"

#include <math.h>

#include "codec.h"
#include "json_scan.h"
#include "json_write.h"

#define PID_MAX 4294967295.0

_Static_assert(GPU_USERS_MAX + 1 <= JSON_MAX_MEMBERS, "the rows fit into one array");

struct gpu *gpu_report_add(struct gpu_report *report)
{
    struct gpu *gpu = &report->gpus.at[report->gpus.count];
    if (report->gpus.count == MSG_GPUS_MAX)
        return NULL;
    gpu_init(gpu);
    gpu->index = (int64_t)report->gpus.count++;
    return gpu;
}

void gpu_report_add_user(struct gpu_report *report, int64_t index, int64_t pid)
{
    if (report->user_count < GPU_USERS_MAX)
        report->users[report->user_count++] =
            (struct gpu_user){ .index = (uint8_t)index, .count = pid > 0, .pids[0] = pid };
}

static bool has_pid(const struct gpu_user *user, int64_t pid)
{
    for (size_t i = 0; i < user->count; i++)
        if (user->pids[i] == pid)
            return true;
    return false;
}

struct index_set gpu_report_uses(const struct gpu_report *report, int64_t pid)
{
    struct index_set set = { .known = report->user_count > 0 };
    for (const struct gpu_user *user = report->users; user < report->users + report->user_count; user++)
        if (has_pid(user, pid))
            set.bits |= UINT64_C(1) << user->index;
    return set;
}

void gpu_report_encode(const struct gpu_report *report, struct buf *ret)
{
    struct json_write w = json_write_to(ret);
    json_open(&w, '{');
    gpu_list_put(&report->gpus, &w);
    json_open_member(&w, "users", '[');
    for (const struct gpu_user *user = report->users; user < report->users + report->user_count; user++) {
        json_open(&w, '[');
        json_put_int(&w, user->index);
        for (size_t i = 0; i < user->count; i++)
            json_put_int(&w, user->pids[i]);
        json_close(&w, ']');
    }
    json_close(&w, ']');
    json_close(&w, '}');
}

/* The index, then the pids. */
static enum err read_user(const struct json_value *row, struct gpu_user *ret, struct errbuf *e)
{
    bool is_index = true;
    ret->count = 0;
    if (row->type != JSON_ARRAY || row->span == 1)
        return err_set(e, ERR_TYPE, "users: must be arrays of numbers");
    JSON_EACH(number, row)
    {
        double high = is_index ? MSG_GPUS_MAX - 1 : PID_MAX;
        if (number->type != JSON_NUMBER || number->number != trunc(number->number))
            return err_set(e, ERR_TYPE, "users: must be whole numbers");
        if (number->number < 0 || number->number > high)
            return err_set(e, ERR_RANGE, "users: must be 0 to %.0f", high);
        if (!is_index && ret->count == GPU_USER_PIDS_MAX)
            return err_set(e, ERR_TOO_LARGE, "users: at most %d pids", GPU_USER_PIDS_MAX);
        if (is_index)
            ret->index = (uint8_t)number->number;
        else
            ret->pids[ret->count++] = (int64_t)number->number;
        is_index = false;
    }
    return OK;
}

static enum err read_users(const struct json_value *list, struct gpu_report *ret, struct errbuf *e)
{
    ret->user_count = 0;
    if (!list || list->type != JSON_ARRAY)
        return err_set(e, ERR_TYPE, "users: must be an array");
    JSON_EACH(row, list)
    {
        enum err err;
        if (ret->user_count == GPU_USERS_MAX)
            return err_set(e, ERR_TOO_LARGE, "users: at most %d entries", GPU_USERS_MAX);
        if ((err = read_user(row, &ret->users[ret->user_count], e)) != OK)
            return err;
        ret->user_count++;
    }
    return OK;
}

enum err gpu_report_decode(struct arena *arena, struct text json, struct gpu_report *ret, struct errbuf *e)
{
    const struct json_value *document, *gpus;
    enum err err;
    if (json.len > GPU_REPORT_BYTES_MAX)
        return err_set(e, ERR_TOO_LARGE, "more than %d bytes", GPU_REPORT_BYTES_MAX);
    if ((err = json_scan(arena, json, &document, e)) != OK)
        return err;
    gpus = json_value_member(document, "gpus");
    if (!gpus)
        return err_set(e, ERR_MISSING, "gpus: is required");
    if ((err = gpu_list_read(gpus, &ret->gpus, e)) != OK)
        return err;
    return read_users(json_value_member(document, "users"), ret, e);
}
