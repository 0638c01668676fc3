/* agent_settings.h - the options of skep-worker that a hive may give to all of its agents: one list for both. */
#ifndef SKEP_AGENT_SETTINGS_H
#define SKEP_AGENT_SETTINGS_H

#include "conf.h"

struct agent_settings {
    ms_t interval, keep_alive, reconnect_max, retain;
    ms_t watchdog;     /* 0 = none */
    ms_t feed_timeout; /* 0 = three intervals */
    const char *on_agent_death, *http;
};

#define AGENT_DAY_MS (24LL * 3600 * 1000)

/* X(name, type, member, min, max, fallback, choices, arg, help) as in conf.h. libmosquitto takes no shorter keep-alive.
 */
#define AGENT_SETTINGS(X)                                                                                           \
    X("interval", DURATION, interval, 50, AGENT_DAY_MS, "30s", NULL, "TIME", "maximum time between two heartbeats") \
    X("keep-alive", DURATION, keep_alive, 5000, 65535000, "10s", NULL, "TIME", "MQTT keep-alive, whole seconds")    \
    X("reconnect-max", DURATION, reconnect_max, 100, AGENT_DAY_MS, "30s", NULL, "TIME",                             \
      "maximum delay between connection attempts")                                                                  \
    X("retain", DURATION, retain, 1000, 365 * AGENT_DAY_MS, "1d", NULL, "TIME",                                     \
      "expiry of retained messages, whole seconds")                                                                 \
    X("watchdog", DURATION, watchdog, 0, AGENT_DAY_MS, NULL, NULL, "TIME",                                          \
      "limit of a stall: once the command is ready, the time between two of its WATCHDOG=1; 0: none")               \
    X("feed-timeout", DURATION, feed_timeout, 0, 365 * AGENT_DAY_MS, NULL, NULL, "TIME",                            \
      "silence of the feed after which what it reported is withdrawn; 3 intervals by default")                      \
    X("on-agent-death", CHOICE, on_agent_death, 0, 0, "kill", "kill|leave", "kill|leave",                           \
      "what happens to the command when the agent is killed")                                                       \
    X("http", TEXT, http, 1, 255, NULL, NULL, "HOST:PORT",                                                          \
      "HTTP listen address for GET /health; loopback only, since it requires no token")

/* The row of an option whose settings lie at `offset` in the target. */
#define AGENT_SETTING(offset, name, type, member, min, max, fallback, choices, arg, help) \
    { name,    CONF_##type, (offset) + offsetof(struct agent_settings, member),           \
      min,     max,         fallback,                                                     \
      choices, 0,           false,                                                        \
      false,   arg,         help },

/* What the rows cannot say: whole seconds, and a loopback address. The sentence names an option behind `prefix`.
 * ERR_RANGE, ERR_REFUSED. */
enum err agent_settings_check(const struct agent_settings *settings, const char *prefix, struct errbuf *e);

#endif
