/* skep health - one health request, or the start-up poll. */
#include <cjson/cJSON.h>

#include "document.h"
#include "health_conf.h"
#include "output.h"
#include "worker_request.h"

static const struct conf_option options[] = {
    { "wait", CONF_FLAG, HEALTH_CONF(wait), .command_line_only = true,
      .help = "retry until it is ready or the attempts are used up" },
    { 0 },
};

/* NAME where that is unique, as everywhere: the queen knows of which hive it is. Without a queen, or when that does not
 * know the worker, it is one of the default hive. */
static enum err find_hive(struct api *api, struct health_target *target, struct errbuf *e)
{
    auto_free(cJSON) worker = NULL;
    struct worker_ref ref;
    enum err err = worker_ref_parse(target->id, &ref, e);
    if (err == OK)
        err = worker_get(api, &ref, &worker, e);
    if (err == OK && document_str(worker, "hive_id"))
        err = health_target_set_hive(target, document_str(worker, "hive_id"), e);
    if (err == ERR_UNREACHABLE)
        output_note("without a queen, %s is taken for worker/default/%s: HIVE/ID names another", target->id,
                    target->id);
    return err == ERR_UNREACHABLE || err == ERR_NOT_FOUND ? OK : err;
}

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct health_conf *conf = options_given;
    struct health_target target;
    struct health_outcome outcome;
    struct health_poll_options poll = { .name = cli->word };
    enum err err = health_target_parse(cli->word, &target, e);
    if (err == OK && target.kind == TARGET_WORKER && !target.hive_given)
        err = find_hive(cli->api, &target, e);
    if (err != OK)
        return err;
    poll.http_url = health_conf_url(conf, &target);
    err = health_conf_run(conf, &target, conf->wait, &poll, &outcome, e);
    return err != OK ? err : health_conclude(cli->word, conf->wait, &outcome, e);
}

const struct command command_health = {
    .name = "health",
    .summary = "request health, or wait until a queen, hive or worker is ready",
    .examples = "  skep health queen/queen\n"
                "  skep health hive/hive-a --wait           # in a script, after its start\n"
                "  skep health worker/hive-a/gpu-1\n"
                "  skep health http://127.0.0.1:7833        # over HTTP alone\n",
    .usage = "skep health queen/ID|hive/ID|worker/[HIVE/]ID|URL [--wait] [OPTIONS]",
    .notes = "Each attempt requests health over MQTT; without an answer, the same attempt\n"
             "requests GET /health over HTTP: at --http-url, else for a queen at --queen, for\n"
             "a hive at http://127.0.0.1:7835.\n"
             "Exit code 0 for pass and warn, 3 for fail or when the attempts are used up, 5\n"
             "for no response to a single request.\n",
    .options = options,
    .more = { health_poll_rows, health_broker_rows },
    .conf_size = sizeof(struct health_conf),
    .word = "queen/ID, hive/ID, worker/ID or URL",
    .run = run,
};
