/* skep describe - everything known about one worker. */
#include <cjson/cJSON.h>

#include "command.h"
#include "describe_text.h"
#include "output.h"
#include "worker_get.h"

static const struct conf_option options[] = { { 0 } };

static enum err run(struct cli *cli, const void *conf, struct errbuf *e)
{
    struct worker_ref ref;
    struct buf out = BUF_INIT;
    cJSON *worker = NULL;

    (void)conf;
    enum err err = worker_ref_parse(cli->word, &ref, e);
    if (!err)
        err = worker_get(cli->api, &ref, &worker, e);
    if (!err) {
        describe_text_add(&out, worker, cli->colour);
        err = output_write(&out, e);
    }
    buf_clear(&out);
    cJSON_Delete(worker);
    return err;
}

const struct command command_describe = {
    .name = "describe",
    .summary = "show everything about one worker, and why it is in its state",
    .examples = "  skep describe gpu-1\n"
                "  skep describe hive-a/gpu-1       # where several hives have a gpu-1\n",
    .usage = "skep describe WORKER",
    .options = options,
    .conf_size = sizeof(struct cli_conf),
    .word = "WORKER",
    .run = run,
};
