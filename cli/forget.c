/* skep forget - removes a worker or a hive everywhere. */
#include "command.h"
#include "output.h"
#include "worker_request.h"

struct forget_conf {
    struct cli_conf common;
    bool force, workers;
};

static const struct conf_option options[] = {
    { "force", CONF_FLAG, offsetof(struct forget_conf, force), .command_line_only = true,
      .help = "also when it is online; its next heartbeat brings it back" },
    { "workers", CONF_FLAG, offsetof(struct forget_conf, workers), .command_line_only = true,
      .help = "of a hive: all its workers, too; without it they stay" },
    { 0 },
};

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct forget_conf *conf = options_given;
    char query[] = "?force=false&workers=true";
    struct worker_ref ref;
    enum err err = worker_or_hive_ref_parse(cli->word, &ref, e);
    if (err == OK && conf->workers && ref.worker[0])
        err = err_set(e, ERR_SYNTAX, "--workers is for hive/ID only");
    snprintf(query, sizeof query, "?force=%s%s", conf->force ? "true" : "false", conf->workers ? "&workers=true" : "");
    if (err == OK)
        err = worker_request(cli->api, "DELETE", &ref, query, API_TIMEOUT, NULL, e);
    if (err == OK)
        output_note("%s %s", cli->word, conf->workers ? "and its workers are being forgotten" : "is forgotten");
    return err;
}

const struct command command_forget = {
    .name = "forget",
    .summary = "remove a worker or a hive everywhere",
    .examples = "  skep forget gpu-1\n"
                "  skep forget hive-a/gpu-1 --force\n"
                "  skep forget hive/hive-a          # the hive of that name\n"
                "  skep forget hive/hive-a --workers --force\n",
    .usage = "skep forget WORKER|hive/ID [--workers] [--force]",
    .notes =
        "hive/ID always means a hive: a worker of a hive that is named \"hive\" is\nforgotten by its NAME alone.\n",
    .options = options,
    .conf_size = sizeof(struct forget_conf),
    .word = "WORKER",
    .run = run,
};
