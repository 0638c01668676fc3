#include "agent_conf.h"

#include "argv_split.h"
#include "topic.h"

#define AT(member) offsetof(struct agent_conf, member)

static const struct conf_option options[] = {
    { "id", CONF_ID, AT(id), .arg = "NAME", .help = "name of this worker; required" },
    { "hive", CONF_ID, AT(hive), .fallback = "default", .arg = "NAME",
      .help = "hive or group that the worker belongs to" },
    { "exec", CONF_FLAG, AT(exec), .command_line_only = true,
      .help = "source: run and supervise the command after --, and exit as it does" },
    { "stdin", CONF_FLAG, AT(read_stdin), .command_line_only = true,
      .help = "source: one JSON object of heartbeat fields per line of standard input" },
    { "stdin-timeout", CONF_DURATION, AT(stdin_timeout), .max = 365 * AGENT_DAY_MS, .arg = "TIME",
      .help = "silence of standard input after which what it reported is withdrawn; 3 intervals by default" },
    { "simulate", CONF_FLAG, AT(simulate), .command_line_only = true, .help = "source: a simulated load" },
    { "attach-pid", CONF_INT, AT(attach_pid), .min = 1, .max = INT32_MAX, .command_line_only = true, .arg = "PID",
      .help = "source: a process that runs already; its end is the worker's" },
    { "attach-unit", CONF_TEXT, AT(attach_unit), .min = 1, .max = 255, .command_line_only = true, .arg = "UNIT",
      .help = "source: the main process of a systemd unit that runs already, e.g. ollama.service" },
    { "feed", CONF_TEXT, AT(feed), .min = 1, .max = 4096, .arg = "COMMAND",
      .help = "companion command that prints such lines, beside the source or alone; no shell" },
    { "session", CONF_HEX64, AT(session), .arg = "HEX16", .help = "session of this process; random by default" },
#define X(...) AGENT_SETTING(AT(settings), __VA_ARGS__)
    AGENT_SETTINGS(X)
#undef X
        { 0 },
};

static const char examples[] = "  skep-worker --id gpu-0 --exec -- ./serve --port 8000\n"
                               "  skep-worker --id gpu-0 --feed 'skep-probe vllm http://127.0.0.1:8000'\n"
                               "  skep-worker --id gpu-0 --attach-unit ollama.service\n"
                               "  my-exporter | skep-worker --id gpu-0 --stdin\n"
                               "  skep-worker --id demo-1 --simulate\n";

static const char exit_codes[] = "  with --exec those of the command, or death by the signal that it died of; and\n"
                                 "  125  failure of the agent itself\n"
                                 "  126  the command cannot be executed\n"
                                 "  127  the command was not found\n"
                                 "  else\n"
                                 "    0  stopped, or end of input after a goodbye\n"
                                 "    1  failure, or end of input without one\n"
                                 "  always\n"
                                 "    2  wrong usage or configuration\n"
                                 "  130  stopped at once by a second SIGINT\n";

const struct service agent_service = {
    .name = "skep-worker",
    .summary = "any program as a worker: heartbeats, a last will, an exit report",
    .examples = examples,
    .usage = "skep-worker --id NAME [OPTIONS] [--exec -- COMMAND...]",
    .exit_codes = exit_codes,
    .section = "worker",
    .options = options,
    .takes_words = true,
};

static enum err check_sources(const struct agent_conf *conf, struct errbuf *e)
{
    int count = conf->exec + conf->read_stdin + conf->simulate + (conf->attach_pid != 0) + (conf->attach_unit != NULL);
    if (count == 1 || (count == 0 && conf->feed))
        return OK;
    return err_set(
        e, count ? ERR_CONFLICT : ERR_MISSING,
        "%s: exactly one of --exec -- COMMAND, --stdin, --simulate, --attach-pid PID and --attach-unit UNIT is "
        "required, or --feed COMMAND alone",
        count ? "more than one source" : "no source");
}

static enum err check_feed(const char *command, struct errbuf *e)
{
    struct arena arena = { 0 };
    struct errbuf why = { .text = "it is empty" };
    char **words;
    size_t count = 0;
    enum err err = argv_split(&arena, text_of(command), &words, &count, &why);
    arena_clear(&arena);
    if (err == OK && count > 0)
        return OK;
    return err_set(e, err == OK ? ERR_MISSING : err, "--feed %s: %s", command, why.text);
}

/* The worker library checks the broker and the root too, but only when the command is running already. */
enum err agent_conf_check(void *target, struct errbuf *e)
{
    const struct agent_conf *conf = target;
    enum err err;
    if (!conf->id)
        return err_set(e, ERR_MISSING, "--id is missing: the worker needs a name");
    if ((err = check_sources(conf, e)) != OK || (conf->feed && (err = check_feed(conf->feed, e)) != OK) ||
        (err = service_check_login(&conf->common, e)) != OK ||
        (err = topic_root_check(text_of(conf->common.root), e)) != OK)
        return err;
    return agent_settings_check(&conf->settings, "--", e);
}

enum err agent_command_check(const struct agent_conf *conf, char **command, struct errbuf *e)
{
    if (conf->exec && !command[0])
        return err_set(e, ERR_MISSING, "--exec needs a command: --exec -- COMMAND [ARG...]");
    if (!conf->exec && command[0])
        return err_set(e, ERR_UNKNOWN, "%s: only --exec takes a command", command[0]);
    return OK;
}
