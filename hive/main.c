/* skep-hive: the daemon of one host. */
#include <stdio.h>

#include "hive_driver.h"

static int refuse_words(const char *word)
{
    char shown[64];
    text_to_printable(text_of(word), shown, sizeof shown);
    fprintf(stderr, "skep-hive: %s: takes options only; workers are listed in the file of --config\n", shown);
    return EXIT_USAGE;
}

static int run(struct hive_conf *conf, int argc, char **argv)
{
    int next, code = service_configure(&hive_service, argc, argv, conf, &conf->arena, hive_conf_check, &next);
    if (code >= 0)
        return code;
    return argv[next] ? refuse_words(argv[next]) : hive_driver_run(conf, argc, argv);
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
