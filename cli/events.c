/* skep events - what changed, and what changes. */
#include <string.h>

#include <cjson/cJSON.h>

#include "command.h"
#include "document.h"
#include "event_line.h"
#include "follow.h"
#include "output.h"

#define FOLLOW_TIMEOUT 60000 /* ms */

struct events_conf {
    struct cli_conf common;
    const char *output;
    bool follow;
};

static const struct conf_option options[] = {
    { "follow", CONF_FLAG, offsetof(struct events_conf, follow), .short_name = 'f', .command_line_only = true,
      .help = "follow: print new events until interrupted" },
    { "output", CONF_CHOICE, offsetof(struct events_conf, output), .short_name = 'o', .command_line_only = true,
      .choices = "text|jsonl", .fallback = "text", .arg = "FORMAT", .help = "text, or jsonl (one event per line)" },
    { 0 },
};

struct printer {
    struct buf out;
    bool json;
    const struct display *display;
};

static void add_event(void *user, const cJSON *event)
{
    struct printer *printer = user;
    event_add(&printer->out, event, printer->json, printer->display);
}

/* The queen remembers no more events than one answer has. */
static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct events_conf *conf = options_given;
    struct printer printer = { .json = strcmp(conf->output, "jsonl") == 0, .display = &cli->display };
    struct follow follow = { cli->api, add_event, &printer };
    enum err err;
    do {
        auto_free(cJSON) answer = NULL;
        err = follow_next(&follow, conf->follow ? FOLLOW_TIMEOUT : 0, &answer, e);
        if (err == OK)
            err = output_write(&printer.out, e);
    } while (err == OK && conf->follow);
    buf_clear(&printer.out);
    return err;
}

const struct command command_events = {
    .name = "events",
    .summary = "show the changes of state, oldest first",
    .examples = "  skep events              # the latest, as many as the queen keeps\n"
                "  skep events -f           # and then new ones as they arrive\n"
                "  skep events -o jsonl | jq -r 'select(.state == \"stale\") | .worker_id'\n",
    .usage = "skep events [-f] [-o text|jsonl]",
    .options = options,
    .conf_size = sizeof(struct events_conf),
    .run = run,
};
