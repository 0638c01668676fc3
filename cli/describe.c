/* skep describe - everything known about one worker or hive. */
#include <cjson/cJSON.h>

#include "command.h"
#include "describe_text.h"
#include "document.h"
#include "output.h"
#include "worker_request.h"

static const struct conf_option options[] = { { 0 } };

/* A worker of a hive that is named "hive" goes first. */
static enum err get(const struct cli *cli, cJSON **ret, struct errbuf *e)
{
    struct worker_ref worker, hive;
    enum err err = worker_ref_parse(cli->word, &worker, e);
    if (err == OK)
        err = worker_get(cli->api, &worker, ret, e);
    if (err != ERR_NOT_FOUND || worker_or_hive_ref_parse(cli->word, &hive, e) != OK || hive.worker[0])
        return err;
    return worker_get(cli->api, &hive, ret, e);
}

static enum err run(struct cli *cli, const void *conf, struct errbuf *e)
{
    auto_clear(buf) out = BUF_INIT;
    auto_free(cJSON) worker = NULL;
    (void)conf;
    enum err err = get(cli, &worker, e);
    if (err != OK)
        return err;
    describe_text_add(&out, worker, cli->display.colour);
    return output_lines(&cli->display, &out, DESCRIBE_INDENT, e);
}

const struct command command_describe = {
    .name = "describe",
    .summary = "show one worker or hive, with the evidence for its state",
    .examples = "  skep describe gpu-1\n"
                "  skep describe hive-a/gpu-1       # where several hives have a gpu-1\n"
                "  skep describe hive/hive-a        # the hive of that name\n",
    .usage = "skep describe WORKER|hive/ID",
    .options = options,
    .conf_size = sizeof(struct cli_conf),
    .word = "WORKER",
    .run = run,
};
