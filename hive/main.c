/* skep-hive: the daemon of one host. */
#include "hive_driver.h"
#include "inherited.h"

int main(int argc, char **argv)
{
    struct hive_conf conf;
    int next, code;
    inherited_settle();
    hive_conf_init(&conf);
    code = service_configure(&hive_service, argc, argv, &conf, &conf.arena, hive_conf_check, &next);
    if (code < 0)
        code = hive_driver_run(&conf, argc, argv);
    hive_conf_clear(&conf);
    return code;
}
