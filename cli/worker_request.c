#include "worker_request.h"

enum err worker_request(struct api *api, const char *method, const struct worker_ref *ref, const char *suffix,
                        ms_t timeout, struct cJSON **ret, struct errbuf *e)
{
    struct buf path = BUF_INIT;
    worker_ref_add_path(ref, &path);
    buf_add_str(&path, suffix);
    enum err err = api_request(api, method, &path, timeout, ret, e);
    if (err != ERR_NOT_FOUND)
        return err;
    if (!ref->worker[0])
        return err_set(e, err, "no hive %s is known", ref->hive);
    return err_set(e, err, "no worker %s%s%s is known (skep ps -a lists all)", ref->hive, ref->hive[0] ? "/" : "",
                   ref->worker);
}
