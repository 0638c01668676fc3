#include "name.h"

enum err name_check(struct text t, const char *what, struct errbuf *e)
{
    char shown[NAME_SIZE];
    if (text_is_id(t))
        return OK;
    text_to_printable(t, shown, sizeof shown);
    return err_set(e, ERR_ID,
                   "%s \"%s\": must be 1 to %d letters, digits, '.', '_' or '-', and begin with a letter or digit",
                   what, shown, NAME_MAX_LEN);
}

enum err name_copy(struct text t, const char *what, char ret[NAME_SIZE], struct errbuf *e)
{
    enum err err = name_check(t, what, e);
    if (err != OK)
        return err;
    memcpy(ret, t.at, t.len);
    ret[t.len] = '\0';
    return OK;
}
