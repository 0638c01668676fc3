#include "agent_conf.h"

#include "httpd.h"
#include "topic.h"

#define AT(member) offsetof(struct agent_conf, member)

enum { SECOND = 1000, DAY = 86400 * SECOND };

#define KEEP_ALIVE_MIN (5 * SECOND) /* libmosquitto's own limit */

static const struct conf_option options[] = {
    { "id", CONF_ID, AT(id), .arg = "NAME", .help = "name of this worker; required" },
    { "hive", CONF_ID, AT(hive), .fallback = "default", .arg = "NAME",
      .help = "hive or group that the worker belongs to" },
    { "exec", CONF_FLAG, AT(exec), .command_line_only = true,
      .help = "source: run and supervise the command after --, and exit as it does (125: the agent failed; 126, "
              "127: the command cannot run)" },
    { "stdin", CONF_FLAG, AT(read_stdin), .command_line_only = true,
      .help = "source: one JSON object of heartbeat fields per line of standard input" },
    { "simulate", CONF_FLAG, AT(simulate), .command_line_only = true, .help = "source: a simulated load" },
    { "interval", CONF_DURATION, AT(interval), 50, DAY, .fallback = "30s", .arg = "TIME",
      .help = "maximum time between two heartbeats" },
    { "keep-alive", CONF_DURATION, AT(keep_alive), KEEP_ALIVE_MIN, 65535 * (int64_t)SECOND, .fallback = "10s",
      .arg = "TIME", .help = "MQTT keep-alive, whole seconds" },
    { "reconnect-max", CONF_DURATION, AT(reconnect_max), 100, DAY, .fallback = "30s", .arg = "TIME",
      .help = "maximum delay between connection attempts" },
    { "retain", CONF_DURATION, AT(retain), SECOND, 365 * (int64_t)DAY, .fallback = "1d", .arg = "TIME",
      .help = "expiry of retained messages, whole seconds" },
    { "session", CONF_HEX64, AT(session), .arg = "HEX16", .help = "session of this process; random by default" },
    { "on-agent-death", CONF_CHOICE, AT(on_agent_death), .fallback = "kill", .choices = "kill|leave",
      .arg = "kill|leave", .help = "what happens to the command when the agent is killed" },
    { "http", CONF_TEXT, AT(http), 0, 255, .arg = "HOST:PORT",
      .help = "HTTP listen address for GET /health; loopback only, since it requires no token" },
    { 0 },
};

static const char examples[] = "  skep-worker --id gpu-0 --exec -- ./serve --port 8000\n"
                               "  my-exporter | skep-worker --id gpu-0 --stdin\n"
                               "  skep-worker --id demo-1 --simulate\n";

const struct service agent_service = {
    .name = "skep-worker",
    .summary = "any program as a worker: heartbeats, a last will, an exit report",
    .examples = examples,
    .usage = "skep-worker --id NAME [OPTIONS] --exec -- COMMAND...|--stdin|--simulate",
    .section = "worker",
    .options = options,
    .common_offset = offsetof(struct agent_conf, common),
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

static enum err check_whole_seconds(const char *option, ms_t value, struct errbuf *e)
{
    if (value % SECOND == 0)
        return OK;
    return err_set(e, ERR_RANGE, "%s %lldms: must be whole seconds", option, (long long)value);
}

/* The worker library checks the broker and the root too, but only when the command is running already. */
enum err agent_conf_check(void *target, struct errbuf *e)
{
    const struct agent_conf *conf = target;
    enum err err;
    if (!conf->id)
        return err_set(e, ERR_MISSING, "--id is missing: the worker needs a name");
    if ((err = check_sources(conf, e)) != OK || (err = service_check_broker(&conf->common, e)) != OK ||
        (err = topic_root_check(text_of(conf->common.root), e)) != OK ||
        (err = check_whole_seconds("--keep-alive", conf->keep_alive, e)) != OK ||
        (err = check_whole_seconds("--retain", conf->retain, e)) != OK)
        return err;
    if (conf->http && !httpd_is_loopback(conf->http))
        return err_set(e, ERR_REFUSED, "--http %s: must be a loopback address, since it requires no token", conf->http);
    return OK;
}

enum err agent_command_check(const struct agent_conf *conf, char **command, struct errbuf *e)
{
    if (conf->exec && !command[0])
        return err_set(e, ERR_MISSING, "--exec needs a command: --exec -- COMMAND [ARG...]");
    if (!conf->exec && command[0])
        return err_set(e, ERR_UNKNOWN, "%s: only --exec takes a command", command[0]);
    return OK;
}
