#include "broker_login.h"

enum err broker_login_check(const struct broker_login *login, struct broker_list *ret, struct errbuf *e)
{
    struct broker_list list;
    enum err err = broker_uri_parse(text_of(login->broker), &list, e);
    if (err != OK)
        return err;
    if (!login->cert != !login->key)
        return err_set(e, ERR_MISSING,
                       "broker: a cert needs its key, and a key its cert (--cert, --key): give both, or neither");
    if (!list.tls && (login->cafile || login->cert))
        return err_set(e, ERR_CONFLICT, "broker: cafile, cert and key need mqtts://: write that, or leave them out");
    *ret = list;
    return OK;
}
