/* skep verify - one verification of a worker, now. */
#include <string.h>

#include <cjson/cJSON.h>

#include "command.h"
#include "document.h"
#include "output.h"
#include "verify_line.h"
#include "worker_request.h"

/* ms: the maximum of the queen's --verify-timeout, 60 s, with what it adds for the queue and the way.
 */
#define VERIFY_TIMEOUT 70000

struct verify_conf {
    struct cli_conf common;
    const char *output;
};

static const struct conf_option options[] = {
    { "output", CONF_CHOICE, offsetof(struct verify_conf, output), .short_name = 'o', .command_line_only = true,
      .choices = "text|json", .fallback = "text", .arg = "FORMAT", .help = "text (one line), or json (one document)" },
    { 0 },
};

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct verify_conf *conf = options_given;
    bool json = strcmp(conf->output, "json") == 0;
    auto_clear(buf) out = BUF_INIT;
    auto_free(cJSON) verified = NULL;
    struct worker_ref ref;
    enum err err = worker_ref_parse(cli->word, &ref, e);
    if (err == OK)
        err = worker_request(cli->api, "POST", &ref, "/verify", VERIFY_TIMEOUT, &verified, e);
    if (err != OK)
        return err;
    if (json)
        document_add_line(&out, verified);
    else
        verify_line_add(&out, verified, cli->display.colour);
    err = json ? output_write(&out, e) : output_lines(&cli->display, &out, LINE_INDENT, e);
    return err == OK ? verify_judge(verified, e) : err;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "verify now that a worker makes progress",
    .examples = "  skep verify gpu-1\n"
                "  skep verify hive-a/gpu-1 -o json\n"
                "  skep verify gpu-1 && send-it-work        # in a script\n",
    .usage = "skep verify WORKER [-o text|json]",
    .notes = "Prints the result, the path and time of the answer, and the state afterwards:\n"
             "  ok             its work loop answered\n"
             "  unknown        it is alive; its work is unknown\n"
             "  stalled        it is alive, but its work is stalled\n"
             "  no_subscriber  no subscriber on its request topics\n"
             "  no_reply       no answer in time (--verify-timeout of the queen, default 5 s)\n"
             "  process_gone   its hive saw its process end\n"
             "Exit code 0 for ok and unknown, 3 for all others.\n",
    .options = options,
    .conf_size = sizeof(struct verify_conf),
    .word = "WORKER",
    .run = run,
};
