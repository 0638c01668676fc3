/* health_conf.h - the options of the commands that ask for somebody's health: health, queen, hive. */
#ifndef SKEP_CLI_HEALTH_CONF_H
#define SKEP_CLI_HEALTH_CONF_H

#include "command.h"
#include "health_poll.h"

struct health_conf {
    struct cli_conf common;
    struct broker_login login;
    const char *root;
    const char *id; /* of the daemon; NULL = its own default */
    const char *http_url, *multiplier, *jitter;
    int64_t attempts;
    ms_t initial_delay, max_delay, attempt_timeout;
    bool wait;
};

#define HEALTH_CONF(member) offsetof(struct health_conf, member)

/* Rows of the broker; without fallbacks a value that was not given is NULL. */
#define HEALTH_BROKER_ROWS(broker_fallback, root_fallback)                                                            \
    { "broker",                                                                                                       \
      CONF_TEXT,                                                                                                      \
      HEALTH_CONF(login.broker),                                                                                      \
      .min = 1,                                                                                                       \
      .max = 1000,                                                                                                    \
      .fallback = (broker_fallback),                                                                                  \
      .arg = "URI",                                                                                                   \
      .help = "MQTT broker, mqtt:// or mqtts://" },                                                                   \
        { "username", CONF_TEXT, HEALTH_CONF(login.username), .arg = "NAME", .help = "user name at the broker" },     \
        { "password-file", CONF_TEXT, HEALTH_CONF(login.password_file), .arg = "FILE",                                \
          .help = "file that holds the broker password" },                                                            \
        { "cafile", CONF_TEXT, HEALTH_CONF(login.cafile), .arg = "FILE",                                              \
          .help = "CA certificates that the broker's certificate is verified against" },                              \
        { "cert", CONF_TEXT, HEALTH_CONF(login.cert), .arg = "FILE", .help = "client certificate" },                  \
        { "key", CONF_TEXT, HEALTH_CONF(login.key), .arg = "FILE", .help = "private key of the client certificate" }, \
    {                                                                                                                 \
        "root", CONF_TEXT, HEALTH_CONF(root), .min = 1, .max = 128, .fallback = (root_fallback), .arg = "TOPIC",      \
                                              .help = "prefix of all topics"                                          \
    }

/* Rows of the start-up poll. */
#define HEALTH_POLL_ROWS                                                                                          \
    { "http-url",                                                                                                 \
      CONF_TEXT,                                                                                                  \
      HEALTH_CONF(http_url),                                                                                      \
      .min = 1,                                                                                                   \
      .max = 2048,                                                                                                \
      .command_line_only = true,                                                                                  \
      .arg = "URL",                                                                                               \
      .help = "health URL for HTTP" },                                                                            \
        { "attempts",                                                                                             \
          CONF_INT,                                                                                               \
          HEALTH_CONF(attempts),                                                                                  \
          .min = 1,                                                                                               \
          .max = 10000,                                                                                           \
          .fallback = "10",                                                                                       \
          .arg = "N",                                                                                             \
          .command_line_only = true,                                                                              \
          .help = "maximum number of attempts" },                                                                 \
        { "initial-delay",                                                                                        \
          CONF_DURATION,                                                                                          \
          HEALTH_CONF(initial_delay),                                                                             \
          .min = 0,                                                                                               \
          .max = 3600000,                                                                                         \
          .fallback = "200ms",                                                                                    \
          .command_line_only = true,                                                                              \
          .arg = "TIME",                                                                                          \
          .help = "delay after the first attempt" },                                                              \
        { "multiplier",                                                                                           \
          CONF_TEXT,                                                                                              \
          HEALTH_CONF(multiplier),                                                                                \
          .fallback = "1.5",                                                                                      \
          .command_line_only = true,                                                                              \
          .arg = "FACTOR",                                                                                        \
          .help = "factor by which each delay exceeds the one before" },                                          \
        { "max-delay",                                                                                            \
          CONF_DURATION,                                                                                          \
          HEALTH_CONF(max_delay),                                                                                 \
          .min = 0,                                                                                               \
          .max = 3600000,                                                                                         \
          .fallback = "10s",                                                                                      \
          .command_line_only = true,                                                                              \
          .arg = "TIME",                                                                                          \
          .help = "maximum delay" },                                                                              \
        { "attempt-timeout",                                                                                      \
          CONF_DURATION,                                                                                          \
          HEALTH_CONF(attempt_timeout),                                                                           \
          .min = 10,                                                                                              \
          .max = 3600000,                                                                                         \
          .fallback = "1s",                                                                                       \
          .command_line_only = true,                                                                              \
          .arg = "TIME",                                                                                          \
          .help = "timeout of one attempt" },                                                                     \
    {                                                                                                             \
        "jitter", CONF_TEXT, HEALTH_CONF(jitter), .fallback = "10%", .command_line_only = true, .arg = "PERCENT", \
                                                  .help = "random variation of each delay"                        \
    }

/* Where `target` answers over HTTP: --http-url, or the default of its kind; NULL = not known. */
const char *health_conf_url(const struct health_conf *conf, const struct health_target *target);

/* Fills in the schedule, and the broker unless the target is a URL. ERR_SYNTAX for a wrong value. */
enum err health_conf_poll(const struct health_conf *conf, const struct health_target *target,
                          struct health_poll_options *ret, struct errbuf *e);

/* The closing line on stdout, and what it comes to: OK; ERR_STATE not healthy; ERR_UNREACHABLE nobody answered a single
 * request; ERR_IO the daemon died. */
enum err health_conclude(const char *name, bool waited, const struct health_outcome *outcome, struct errbuf *e);

#endif
