#include "health_conf.h"

#include <stdio.h>
#include <sys/wait.h>

#include "output.h"
#include "poll_options.h"

#define HIVE_URL "http://127.0.0.1:7835"
#define KEEP_ALIVE_S 10
#define LIST_CONNECT_MS 2000 /* at least: after that the next broker of a list is tried */
#define HOUR 3600000         /* ms */

const struct conf_option health_poll_rows[] = {
    { "http-url", CONF_TEXT, HEALTH_CONF(http_url), .min = 1, .max = 2048, .command_line_only = true, .arg = "URL",
      .help = "health URL for HTTP" },
    { "attempts", CONF_INT, HEALTH_CONF(attempts), .min = 1, .max = 10000, .fallback = "10", .arg = "N",
      .command_line_only = true, .help = "maximum number of attempts" },
    { "initial-delay", CONF_DURATION, HEALTH_CONF(initial_delay), .min = 0, .max = HOUR, .fallback = "200ms",
      .command_line_only = true, .arg = "TIME", .help = "delay after the first attempt" },
    { "multiplier", CONF_TEXT, HEALTH_CONF(multiplier), .fallback = "1.5", .command_line_only = true, .arg = "FACTOR",
      .help = "factor by which each delay exceeds the one before" },
    { "max-delay", CONF_DURATION, HEALTH_CONF(max_delay), .min = 0, .max = HOUR, .fallback = "10s",
      .command_line_only = true, .arg = "TIME", .help = "maximum delay" },
    { "attempt-timeout", CONF_DURATION, HEALTH_CONF(attempt_timeout), .min = 10, .max = HOUR, .fallback = "1s",
      .command_line_only = true, .arg = "TIME", .help = "timeout of one attempt" },
    { "jitter", CONF_TEXT, HEALTH_CONF(jitter), .fallback = "10%", .command_line_only = true, .arg = "PERCENT",
      .help = "random variation of each delay" },
    { 0 },
};

struct conf_option health_broker_rows[SERVICE_BROKER_ROWS + 1], health_daemon_rows[SERVICE_BROKER_ROWS + 1];

void health_conf_init(void)
{
    for (size_t i = 0; i < SERVICE_BROKER_ROWS; i++) {
        health_broker_rows[i] = service_options[i];
        health_broker_rows[i].offset += HEALTH_CONF(daemon);
        health_daemon_rows[i] = health_broker_rows[i];
        health_daemon_rows[i].fallback = NULL;
    }
}

const char *health_conf_url(const struct health_conf *conf, const struct health_target *target)
{
    if (target->kind == TARGET_URL)
        return target->url;
    if (conf->http_url)
        return conf->http_url;
    if (target->kind == TARGET_QUEEN)
        return conf->common.queen;
    return target->kind == TARGET_HIVE ? HIVE_URL : NULL;
}

enum err health_conf_run(const struct health_conf *conf, const struct health_target *target, bool wait,
                         struct health_poll_options *poll, struct health_outcome *ret, struct errbuf *e)
{
    poll->target = target;
    poll->root = conf->daemon.root;
    poll->mqtt = (struct mqtt_options){ .login = conf->daemon.login, .keep_alive_s = KEEP_ALIVE_S };
    if (strchr(conf->daemon.login.broker, ','))
        poll->mqtt.connack_timeout = ms_max(LIST_CONNECT_MS, conf->attempt_timeout);
    poll->schedule = (struct startup_poll_options){ .attempts = wait ? conf->attempts : 1,
                                                    .initial_delay = conf->initial_delay,
                                                    .max_delay = conf->max_delay,
                                                    .attempt_timeout = conf->attempt_timeout };
    if (topic_root_check(text_of(poll->root), e) != OK ||
        (target->kind != TARGET_URL && service_check_broker(&conf->daemon, e) != OK) ||
        poll_multiplier_parse(conf->multiplier, &poll->schedule.multiplier, e) != OK ||
        poll_jitter_parse(conf->jitter, &poll->schedule.jitter, e) != OK)
        return ERR_SYNTAX; /* whatever is wrong */
    if (target->kind == TARGET_URL)
        poll->mqtt.login.broker = NULL;
    return health_poll_run(poll, ret, e);
}

/* "(DESCRIPTION; CHECKS)", of which either may be missing. */
static void add_reason(struct buf *ret, const struct health_answer *answer)
{
    if (answer->description[0] || answer->checks[0])
        buf_printf(ret, " (%s%s%s)", answer->description, answer->description[0] && answer->checks[0] ? "; " : "",
                   answer->checks);
}

static enum err conclude_ready(const char *name, const struct health_outcome *outcome, struct errbuf *e)
{
    auto_clear(buf) line = BUF_INIT;
    buf_printf(&line, "%s: %s via %s, attempt %lld, %.2f s", name, health_status_name(outcome->answer.status),
               outcome->path, (long long)outcome->attempt, (double)outcome->elapsed / 1000);
    if (outcome->answer.status == HEALTH_WARN)
        add_reason(&line, &outcome->answer);
    buf_add_char(&line, '\n');
    return output_write(&line, e);
}

static enum err conclude_died(const char *name, const struct health_outcome *outcome, struct errbuf *e)
{
    int status = outcome->wait_status;
    if (WIFSIGNALED(status))
        return err_set(e, ERR_IO, "%s died after %.2f s: signal %s", name, (double)outcome->elapsed / 1000,
                       sigabbrev_np(WTERMSIG(status)));
    if (WEXITSTATUS(status) == EXIT_REFUSED)
        return err_set(e, ERR_REFUSED, "%s was refused after %.2f s", name, (double)outcome->elapsed / 1000);
    return err_set(e, ERR_IO, "%s ended after %.2f s with exit code %d", name, (double)outcome->elapsed / 1000,
                   WEXITSTATUS(status));
}

enum err health_conclude(const char *name, bool waited, const struct health_outcome *outcome, struct errbuf *e)
{
    switch (outcome->kind) {
    case HEALTH_READY:
        return conclude_ready(name, outcome, e);
    case HEALTH_DIED:
        return conclude_died(name, outcome, e);
    case HEALTH_FAILING:
    case HEALTH_SILENT:
        break;
    }
    if (waited)
        return err_set(e, ERR_STATE, "%s is not ready: %lld attempts in %.2f s", name, (long long)outcome->attempt,
                       (double)outcome->elapsed / 1000);
    if (outcome->kind == HEALTH_SILENT)
        return err_set(e, ERR_UNREACHABLE, "no response from %s", name);
    auto_clear(buf) reason = BUF_INIT;
    add_reason(&reason, &outcome->answer);
    return err_set(e, ERR_STATE, "%s: fail via %s%s", name, outcome->path, buf_str(&reason));
}
