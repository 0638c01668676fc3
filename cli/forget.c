/* skep forget - removes a worker or a hive everywhere. */
#include <string.h>

#include "command.h"
#include "output.h"
#include "worker_get.h"

struct forget_conf {
    struct cli_conf common;
    bool force;
};

static const struct conf_option options[] = {
    { "force", CONF_FLAG, offsetof(struct forget_conf, force), .command_line_only = true,
      .help = "also when it is online; if it still lives, its next beat brings it back" },
    { 0 },
};

/* The path of `hive/ID`, or of WORKER. */
static enum err add_path(const char *word, bool *ret_hive, struct buf *ret, struct errbuf *e)
{
    struct text rest = text_of(word);
    struct worker_ref ref;
    enum err err;

    *ret_hive = text_is(text_split(&rest, '/'), "hive") && rest.at;
    if (*ret_hive) {
        err = name_check(rest, "hive", e);
        buf_printf(ret, "/v1/hives/%s", word + strlen("hive/"));
        return err;
    }
    err = worker_ref_parse(word, &ref, e);
    if (!err)
        worker_ref_add_path(&ref, ret);
    return err;
}

static enum err explain(enum err err, const char *word, bool hive, struct errbuf *e)
{
    if (err == ERR_NOT_FOUND)
        return err_set(e, err, "the queen knows no %s %s", hive ? "hive" : "worker",
                       hive ? word + strlen("hive/") : word);
    if (err == ERR_CONFLICT)
        return err_set(e, err, "%s is online: end it first, or say --force", word);
    return err;
}

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct forget_conf *conf = options_given;
    struct buf path = BUF_INIT;
    bool hive;

    enum err err = add_path(cli->word, &hive, &path, e);
    if (!err && conf->force)
        buf_add_str(&path, "?force=true");
    if (!err && !buf_ok(&path))
        err = err_set(e, ERR_NOMEM, "out of memory");
    if (!err)
        err = explain(api_delete(cli->api, buf_str(&path), e), cli->word, hive, e);
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
