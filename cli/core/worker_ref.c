#include "worker_ref.h"

enum err worker_ref_parse(const char *word, struct worker_ref *ret, struct errbuf *e)
{
    struct worker_ref ref = { 0 };
    struct text worker = text_of(word);
    struct text first = text_split(&worker, '/');
    enum err err = OK;
    if (worker.at)
        err = name_copy(first, "hive", ref.hive, e);
    if (err == OK)
        err = name_copy(worker.at ? worker : first, "worker", ref.worker, e);
    if (err == OK)
        *ret = ref;
    return err;
}

enum err worker_or_hive_ref_parse(const char *word, struct worker_ref *ret, struct errbuf *e)
{
    struct text id = text_of(word);
    struct worker_ref ref = { 0 };
    if (!text_is(text_split(&id, '/'), "hive") || !id.at)
        return worker_ref_parse(word, ret, e);
    enum err err = name_copy(id, "hive", ref.hive, e);
    if (err == OK)
        *ret = ref;
    return err;
}

void worker_ref_add_path(const struct worker_ref *ref, struct buf *ret)
{
    if (ref->hive[0])
        buf_printf(ret, "/v1/hives/%s", ref->hive);
    else
        buf_add_str(ret, "/v1");
    if (ref->worker[0])
        buf_printf(ret, "/workers/%s", ref->worker);
}

bool worker_ref_fits(const struct worker_ref *ref, const char *hive, const char *worker)
{
    if (!hive || !worker || strcmp(worker, ref->worker) != 0)
        return false;
    return !ref->hive[0] || strcmp(hive, ref->hive) == 0;
}
