/* skep-hive: the daemon of one host, and the process that reads its GPUs. */
#include <string.h>

#include "gpu_reader.h"
#include "hive_driver.h"
#include "inherited.h"

int main(int argc, char **argv)
{
    struct hive_conf conf;
    int next, code;
    inherited_settle();
    if (argc > 0 && strcmp(argv[0], GPU_READER_NAME) == 0)
        return gpu_reader_run(argc > 1 ? argv[1] : "");
    hive_conf_init(&conf);
    code = service_configure(&hive_service, argc, argv, &conf, &conf.arena, hive_conf_check, &next);
    if (code < 0)
        code = hive_driver_run(&conf, argc, argv);
    hive_conf_clear(&conf);
    return code;
}
