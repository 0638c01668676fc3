/* skep-hive: the daemon of one host. */
#include <stdio.h>

#include "hive_driver.h"

static int run(struct hive_conf *conf, int argc, char **argv)
{
    int next, code = service_configure(&hive_service, argc, argv, conf, &conf->arena, hive_conf_check, &next);
    return code < 0 ? hive_driver_run(conf, argc, argv) : code;
}

int main(int argc, char **argv)
{
    struct hive_conf conf;
    int code;
    if (hive_conf_init(&conf) != OK) {
        fprintf(stderr, "skep-hive: out of memory\n");
        return EXIT_FAILED;
    }
    code = run(&conf, argc, argv);
    hive_conf_clear(&conf);
    return code;
}
