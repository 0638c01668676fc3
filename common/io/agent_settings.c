#include "agent_settings.h"

#include "httpd.h"

static enum err check_whole_seconds(const char *prefix, const char *option, ms_t value, struct errbuf *e)
{
    if (value % 1000 == 0)
        return OK;
    return err_set(e, ERR_RANGE, "%s%s %lldms: must be whole seconds", prefix, option, (long long)value);
}

enum err agent_settings_check(const struct agent_settings *settings, const char *prefix, struct errbuf *e)
{
    enum err err;
    if ((err = check_whole_seconds(prefix, "keep-alive", settings->keep_alive, e)) != OK ||
        (err = check_whole_seconds(prefix, "retain", settings->retain, e)) != OK)
        return err;
    if (settings->http && !httpd_is_loopback(settings->http))
        return err_set(e, ERR_REFUSED, "%shttp %s: only loopback addresses, since it requires no token", prefix,
                       settings->http);
    return OK;
}
