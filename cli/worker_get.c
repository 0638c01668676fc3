#include "worker_get.h"

enum err worker_unknown(const struct worker_ref *ref, struct errbuf *e)
{
    if (!ref->worker[0])
        return err_set(e, ERR_NOT_FOUND, "no hive %s is known", ref->hive);
    return err_set(e, ERR_NOT_FOUND, "no worker %s%s%s is known (skep ps -a lists all)", ref->hive,
                   ref->hive[0] ? "/" : "", ref->worker);
}

enum err worker_get(struct api *api, const struct worker_ref *ref, struct cJSON **ret, struct errbuf *e)
{
    struct buf path = BUF_INIT;
    worker_ref_add_path(ref, &path);
    enum err err = api_request(api, "GET", &path, API_TIMEOUT, ret, e);
    return err == ERR_NOT_FOUND ? worker_unknown(ref, e) : err;
}
