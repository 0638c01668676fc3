#include "hive_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent_settings.h"
#include "secret.h"
#include "state_dir.h"
#include "topic.h"
#include "worker_files.h"

#define ROW(member) offsetof(struct hive_conf, member)

static const struct conf_option options[] = {
    { "id", CONF_ID, ROW(id), .arg = "NAME", .help = "name of this hive on the broker; default: the host name" },
    { "http", CONF_TEXT, ROW(http), .fallback = "127.0.0.1:7835", .arg = "ADDRESS",
      .help = "HTTP listen address; a non-loopback address requires --token-file" },
    { "token-file", CONF_TEXT, ROW(token_file), .arg = "FILE",
      .help = "file that holds a token; required for a non-loopback --http" },
    { "http-host", CONF_TEXT, ROW(http_host), .min = 1, .max = 4096, .arg = "NAME,...",
      .help = "further names of this host in requests over HTTP, e.g. of a proxy, without ports" },
    { "state-dir", CONF_TEXT, ROW(state_dir), .min = 1, .max = 4000, .arg = "DIR",
      .help = "directory that records running agents, so that a restarted hive can adopt them" },
    { "gpu", CONF_CHOICE, ROW(gpu), .fallback = "auto", .choices = "auto|off", .arg = "auto|off",
      .help = "publish the GPUs of this host, where there are any, and which worker uses them" },
    { 0 },
};

static const char examples[] = "  skep-hive --config hive.ini                     run the workers of hive.ini\n"
                               "  skep-hive --config hive.ini --state-dir /var/lib/skep-hive\n"
                               "  skep-hive --config hive.ini --check-config      validate the configuration\n"
                               "  kill -HUP $(pidof skep-hive)                    reload hive.ini\n";

/* What [agent] may say, and thereby every agent of this hive. */
struct agent_section {
    struct agent_settings settings;
    const char *log_format, *log_level;
};

#define AGENT(member) offsetof(struct agent_section, member)

static const struct conf_option agent_options[] = {
#define X(...) AGENT_SETTING(AGENT(settings), __VA_ARGS__)
    AGENT_SETTINGS(X)
#undef X
        { "log-format", CONF_CHOICE, AGENT(log_format), .choices = "auto|logfmt|json" },
    { "log-level", CONF_CHOICE, AGENT(log_level), .choices = "error|warning|info|debug" },
    { 0 },
};

static void add_option(struct hive_conf *conf, const char *name, const char *value)
{
    if (value)
        word_list_add(&conf->agent_words, arena_printf(&conf->arena, "--%s=%s", name, value));
}

static bool is_given(const struct hive_conf *conf, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 0; i < conf->agent_words.count; i++)
        if (strncmp(conf->agent_words.at[i] + 2, key, len) == 0 && conf->agent_words.at[i][2 + len] == '=')
            return true;
    return false;
}

/* Checks the value as the agent will; the agent gets it as it was written. */
static enum err check_agent_option(struct hive_conf *conf, const char *key, const char *value, struct errbuf *e)
{
    const struct conf_option *const tables[] = { agent_options, NULL };
    struct agent_section section;
    struct conf reading;
    enum err err;
    if ((err = conf_init(&reading, tables, &section, &conf->arena, e)) != OK ||
        (err = conf_set(&reading, text_of(key), text_of(value), CONF_FROM_FILE, key, e)) != OK)
        return err;
    return agent_settings_check(&section.settings, "", e);
}

static enum err take_agent_key(struct hive_conf *conf, const char *key, const char *value, int line, struct errbuf *e)
{
    enum err err;
    if (!key && conf->agent_line)
        return err_set(e, ERR_DUPLICATE, "section [agent] repeated: it began at line %d", conf->agent_line);
    if (!key) {
        conf->agent_line = line;
        return OK;
    }
    if ((err = check_agent_option(conf, key, value, e)) != OK)
        return err;
    if (is_given(conf, key))
        return err_set(e, ERR_DUPLICATE, "%s is given twice", key);
    add_option(conf, key, value);
    return OK;
}

static bool owns_section(const char *section)
{
    return strcmp(section, "agent") == 0 || roster_is_section(section);
}

static enum err section_key(void *target, const char *section, const char *key, const char *value, int line,
                            struct errbuf *e)
{
    struct hive_conf *conf = target;
    if (roster_is_section(section))
        return roster_key(&conf->roster, section, key, value, line, e);
    return take_agent_key(conf, key, value, line, e);
}

static void name_hive(void *target)
{
    struct hive_conf *conf = target;
    (void)gethostname(conf->host, sizeof conf->host - 1);
    if (!conf->id && text_is_id(text_of(conf->host)))
        conf->id = conf->host;
}

const struct service hive_service = {
    .name = "skep-hive",
    .summary = "supervises the workers of one host and reports how they exit",
    .usage = "skep-hive [--config hive.ini] [OPTIONS]",
    .examples = examples,
    .exit_codes = SERVICE_EXIT_CODES,
    .section = "hive",
    .options = options,
    .complete = name_hive,
    .other_sections = "[agent] or [worker \"NAME\"] (with the quotes)",
    .owns_section = owns_section,
    .section_key = section_key,
};

void hive_conf_init(struct hive_conf *conf)
{
    *conf = (struct hive_conf){ 0 };
    conf->agent_words.arena = conf->agent_variables.arena = &conf->arena;
    roster_init(&conf->roster);
}

void hive_conf_clear(struct hive_conf *conf)
{
    roster_clear(&conf->roster);
    arena_clear(&conf->arena);
}

/* A path as agents understand it, which may run elsewhere. */
static enum err add_path(struct hive_conf *conf, const char *name, const char *path, struct errbuf *e)
{
    char *here;
    if (!path || path[0] == '/') {
        add_option(conf, name, path);
        return OK;
    }
    here = getcwd(NULL, 0);
    if (!here)
        return err_set(e, ERR_IO, "--%s %s: %s", name, path, strerror(errno));
    word_list_add(&conf->agent_words, arena_printf(&conf->arena, "--%s=%s/%s", name, here, path));
    free(here);
    return OK;
}

/* Agents log as the hive does unless [agent] says otherwise: options go before variables. */
static enum err complete_launch(struct hive_conf *conf, struct errbuf *e)
{
    const struct service_conf *common = &conf->common;
    struct word_list *variables = &conf->agent_variables;
    enum err err;
    add_option(conf, "broker", common->login.broker);
    add_option(conf, "root", common->root);
    add_option(conf, "username", common->login.username);
    if ((err = add_path(conf, "password-file", common->login.password_file, e)) != OK ||
        (err = add_path(conf, "cafile", common->login.cafile, e)) != OK ||
        (err = add_path(conf, "cert", common->login.cert, e)) != OK ||
        (err = add_path(conf, "key", common->login.key, e)) != OK)
        return err;
    word_list_add(variables, arena_printf(&conf->arena, "SKEP_LOG_FORMAT=%s", common->log_format));
    word_list_add(variables, arena_printf(&conf->arena, "SKEP_LOG_LEVEL=%s", common->log_level));
    conf->launch = (struct launch_options){ conf->id, conf->agent_words.at, environ, variables->at };
    return conf->agent_words.failed || variables->failed ? err_set(e, ERR_NOMEM, "out of memory") : OK;
}

static enum err complete_roster(struct hive_conf *conf, struct errbuf *e)
{
    struct roster *roster = &conf->roster;
    enum err err = roster_check(roster, conf->common.config, e);
    for (size_t i = 0; err == OK && i < roster->count; i++)
        if (launch_fingerprint(&roster->arena, &conf->launch, &roster->entries[i], &roster->entries[i].fingerprint) !=
            OK)
            err = err_set(e, ERR_NOMEM, "out of memory");
    return err;
}

/* No reason to refuse: the hive starts all the same, without these workers, and tries them again. */
static void warn_of_workers(const struct hive_conf *conf)
{
    if (conf->roster.count == 0)
        service_warn(&hive_service, HIVE_CONF_NO_WORKERS);
    for (size_t i = 0; i < conf->roster.count; i++) {
        const struct roster_entry *entry = &conf->roster.entries[i];
        struct errbuf e = { 0 };
        if (worker_files_check(entry, &e) != OK)
            service_warn(&hive_service, "%s:%d: worker %s could not start: %s", conf->common.config, entry->line,
                         entry->name, e.text);
    }
}

enum err hive_conf_check(void *target, struct errbuf *e)
{
    struct hive_conf *conf = target;
    char *token = NULL;
    enum err err;
    if ((err = service_check_login(&conf->common, e)) != OK ||
        (err = topic_root_check(text_of(conf->common.root), e)) != OK)
        return err;
    if (!conf->id)
        return err_set(e, ERR_ID, "the host name %s is not a valid id: use --id NAME", conf->host);
    err = service_check_http(conf->http, conf->http_host, conf->token_file, &token, e);
    secret_free(token); /* nothing here takes it */
    if (err != OK || (conf->state_dir && (err = state_dir_check(conf->state_dir, e)) != OK) ||
        (err = complete_launch(conf, e)) != OK || (err = complete_roster(conf, e)) != OK)
        return err;
    if (conf->common.check_config)
        warn_of_workers(conf);
    return OK;
}

enum err hive_conf_reread(const struct hive_conf *conf, int argc, char **argv, struct hive_conf *ret, struct errbuf *e)
{
    hive_conf_init(ret);
    return service_reread(&hive_service, argc, argv, conf, ret, &ret->arena, hive_conf_check, e);
}
