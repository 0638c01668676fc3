/* skep-queen: the registry daemon. */
#include "inherited.h"
#include "queen_driver.h"

int main(int argc, char **argv)
{
    struct queen_conf conf = { 0 };
    struct arena arena = { 0 };
    int next, code;
    inherited_settle();
    code = service_configure(&queen_service, argc, argv, &conf, &arena, queen_conf_check, &next);
    if (code < 0)
        code = driver_run(&conf, argc, argv);
    queen_conf_clear(&conf);
    arena_clear(&arena);
    return code;
}
