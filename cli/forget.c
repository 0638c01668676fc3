/* skep forget - removes a worker or a hive everywhere. */
#include "command.h"
#include "output.h"
#include "worker_request.h"

struct forget_conf {
    struct cli_conf common;
    bool force;
};

static const struct conf_option options[] = {
    { "force", CONF_FLAG, offsetof(struct forget_conf, force), .command_line_only = true,
      .help = "also when it is online; its next heartbeat brings it back" },
    { 0 },
};

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct forget_conf *conf = options_given;
    struct worker_ref ref;
    enum err err = worker_or_hive_ref_parse(cli->word, &ref, e);
    if (err == OK)
        err = worker_request(cli->api, "DELETE", &ref, conf->force ? "?force=true" : "", API_TIMEOUT, NULL, e);
    if (err == OK)
        output_note("%s is forgotten", cli->word);
    return err;
}

const struct command command_forget = {
    .name = "forget",
    .summary = "remove a worker or a hive everywhere",
    .examples = "  skep forget gpu-1\n"
                "  skep forget hive-a/gpu-1 --force\n"
                "  skep forget hive/hive-a          # the hive of that name\n",
    .usage = "skep forget WORKER|hive/ID [--force]",
    .notes =
        "hive/ID always means a hive: a worker of a hive that is named \"hive\" is\nforgotten by its NAME alone.\n",
    .options = options,
    .conf_size = sizeof(struct forget_conf),
    .word = "WORKER",
    .run = run,
};
