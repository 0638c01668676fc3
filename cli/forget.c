/* skep forget - removes a worker or a hive everywhere. */
#include "command.h"
#include "output.h"
#include "worker_get.h"

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
    struct buf path = BUF_INIT;
    struct worker_ref ref;

    enum err err = worker_or_hive_ref_parse(cli->word, &ref, e);
    if (!err)
        worker_ref_add_path(&ref, &path);
    if (!err && conf->force)
        buf_add_str(&path, "?force=true");
    if (!err && !buf_ok(&path))
        err = err_set(e, ERR_NOMEM, "out of memory");
    if (!err)
        err = api_delete(cli->api, buf_str(&path), e);
    if (err == ERR_NOT_FOUND)
        err = worker_unknown(&ref, e);
    if (!err)
        output_note("%s is forgotten", cli->word);
    buf_clear(&path);
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
