#include "agent_conf.h"

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
    { "simulate", CONF_FLAG, AT(simulate), .command_line_only = true, .help = "source: a simulated load" },
    { "session", CONF_HEX64, AT(session), .arg = "HEX16", .help = "session of this process; random by default" },
#define X(...) AGENT_SETTING(AT(settings), __VA_ARGS__)
    AGENT_SETTINGS(X)
#undef X
        { 0 },
};

static const char examples[] = "  skep-worker --id gpu-0 --exec -- ./serve --port 8000\n"
                               "  my-exporter | skep-worker --id gpu-0 --stdin\n"
                               "  skep-worker --id demo-1 --simulate\n";

static const char exit_codes[] = "  with --exec those of the command, or death by the signal that it died of; and\n"
                                 "  125  failure of the agent itself\n"
                                 "  126  the command cannot be executed\n"
                                 "  127  the command was not found\n"
                                 "  else\n"
                                 "    0  end of input, or stopped\n"
                                 "    1  failure\n"
                                 "  always\n"
                                 "    2  wrong usage or configuration\n"
                                 "  130  stopped at once by a second SIGINT\n";

const struct service agent_service = {
    .name = "skep-worker",
    .summary = "any program as a worker: heartbeats, a last will, an exit report",
    .examples = examples,
    .usage = "skep-worker --id NAME [OPTIONS] --exec -- COMMAND...|--stdin|--simulate",
    .exit_codes = exit_codes,
    .section = "worker",
    .options = options,
    .takes_words = true,
};

static enum err check_sources(const struct agent_conf *conf, struct errbuf *e)
{
    int count = conf->exec + conf->read_stdin + conf->simulate;
    if (count == 1)
        return OK;
    return err_set(e, count ? ERR_CONFLICT : ERR_MISSING,
                   "%s: exactly one of --exec -- COMMAND, --stdin and --simulate is required",
                   count ? "more than one source" : "no source");
}

/* The worker library checks the broker and the root too, but only when the command is running already. */
enum err agent_conf_check(void *target, struct errbuf *e)
{
    const struct agent_conf *conf = target;
    enum err err;
    if (!conf->id)
        return err_set(e, ERR_MISSING, "--id is missing: the worker needs a name");
    if ((err = check_sources(conf, e)) != OK || (err = service_check_login(&conf->common, e)) != OK ||
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
