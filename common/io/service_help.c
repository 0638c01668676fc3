#include "service_parts.h"

static void exit_codes_add(struct buf *ret)
{
#define X(symbol, code, meaning) buf_printf(ret, "  %3d  %s\n", (code), (meaning));
    EXIT_CODES(X)
#undef X
}

void service_help(const struct service *service, int width, struct buf *ret)
{
    const struct conf_option *const own[] = { service->options, NULL };
    const struct conf_option *const common[] = { service_options, NULL };
    buf_printf(ret, "%s - %s\n\nUsage: %s\n", service->name, service->summary, service->usage);
    buf_printf(ret, "\nExamples:\n%s", service->examples);
    buf_add_str(ret, "\nOptions:\n");
    conf_help(own, width, ret);
    buf_add_str(ret, "\nOptions of every program:\n");
    conf_help(common, width, ret);
    buf_add_str(ret, "\nExit codes:\n");
    exit_codes_add(ret);
}
