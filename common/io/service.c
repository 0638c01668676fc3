#include "service.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "address.h"
#include "log.h"
#include "service_parts.h"

#define WIDTH_UNKNOWN 80
#define WIDTH_MAX 120 /* longer lines of text are hard to read */
#define COLUMNS_MAX 10000

#define AT(member) offsetof(struct service_conf, member)

const struct conf_option service_options[] = {
    { "broker", CONF_TEXT, AT(login.broker), .min = 1, .max = 1000, .fallback = "mqtt://127.0.0.1:1883", .arg = "URI",
      .help = "MQTT broker: mqtt://HOST[:PORT], or mqtts:// for TLS; several with commas between are tried in order" },
    { "username", CONF_TEXT, AT(login.username), .arg = "NAME", .help = "user name at the broker" },
    { "password-file", CONF_TEXT, AT(login.password_file), .arg = "FILE",
      .help = "file that holds the broker password" },
    { "cafile", CONF_TEXT, AT(login.cafile), .arg = "FILE",
      .help = "CA certificates that the broker's certificate is verified against" },
    { "cert", CONF_TEXT, AT(login.cert), .arg = "FILE", .help = "client certificate" },
    { "key", CONF_TEXT, AT(login.key), .arg = "FILE", .help = "private key of the client certificate" },
    { "root", CONF_TEXT, AT(root), .min = 1, .max = 200, .fallback = "skep/v1", .arg = "TOPIC",
      .help = "prefix of all topics" },
    { "config", CONF_TEXT, AT(config), .outside_file = true, .arg = "FILE", .help = "INI file to read" },
    { "log-format", CONF_CHOICE, AT(log_format), .fallback = "auto", .choices = "auto|logfmt|json", .arg = "FORMAT",
      .help = "auto, logfmt or json; auto: readable on a terminal, logfmt elsewhere" },
    { "log-level", CONF_CHOICE, AT(log_level), .fallback = "info", .choices = "error|warning|info|debug",
      .arg = "LEVEL", .help = "minimum severity: error, warning, info or debug" },
    { "check-config", CONF_FLAG, AT(check_config), .command_line_only = true,
      .help = "validate the configuration and exit" },
    { "print-config", CONF_FLAG, AT(print_config), .command_line_only = true,
      .help = "print each value with its origin and exit" },
    { "version", CONF_FLAG, AT(version), .command_line_only = true, .help = "print the version and exit" },
    { "help", CONF_FLAG, AT(help), .short_name = 'h', .command_line_only = true, .help = "print this help and exit" },
    { 0 },
};

/* One sentence on stderr; it may quote what came from outside. */
static int refuse(const struct service *service, enum err err, const struct errbuf *e)
{
    char shown[ERRBUF_SIZE];
    text_to_printable(text_of(e->text), shown, sizeof shown);
    fprintf(stderr, "%s: %s\n", service->name, shown);
    return err == ERR_NOMEM ? EXIT_FAILED : EXIT_USAGE;
}

/* Prints and clears `text`; the exit code. */
static int print(const struct service *service, struct buf *text)
{
    bool complete = buf_ok(text) && fputs(buf_str(text), stdout) >= 0 && fflush(stdout) == 0;
    if (!complete)
        fprintf(stderr, "%s: cannot write to stdout\n", service->name);
    buf_clear(text);
    return complete ? EXIT_OK : EXIT_FAILED;
}

size_t service_terminal_width(int fd)
{
    struct winsize size;
    int64_t columns;
    if (text_to_int(text_of(getenv("COLUMNS")), &columns) == OK && columns > 0 && columns <= COLUMNS_MAX)
        return (size_t)columns;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
}

int service_help_width(void)
{
    size_t width = service_terminal_width(STDOUT_FILENO);
    return width == 0 ? WIDTH_UNKNOWN : width < WIDTH_MAX ? (int)width : WIDTH_MAX;
}

static int print_help(const struct service *service)
{
    struct buf text = BUF_INIT;
    service_help(service, service_help_width(), &text);
    return print(service, &text);
}

static int print_version(const struct service *service)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "%s %s\n", service->name, SKEP_VERSION);
    return print(service, &text);
}

static int print_config(const struct service *service, const struct conf *conf)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "[%s]\n", service->section);
    conf_print(conf, &text);
    return print(service, &text);
}

static int print_valid(const struct service *service)
{
    struct buf text = BUF_INIT;
    buf_add_str(&text, "configuration is valid\n");
    return print(service, &text);
}

/* Environment and file: what --help and --version do not need. */
static enum err sources_read(const struct service *service, struct conf *conf, const struct service_conf *common,
                             struct errbuf *e)
{
    enum err err = conf_environment(conf, environ, e);
    if (err == OK && common->config) /* from the command line or the environment */
        err = service_file_read(service, conf, common->config, e);
    if (err == OK && service->complete)
        service->complete(conf->target);
    return err;
}

enum err service_check_broker(const struct service_conf *conf, struct errbuf *e)
{
    struct broker_list list;
    enum err err = broker_login_check(&conf->login, &list, e);
    return err == OK ? OK : err_set(e, err, "--%s", e->text); /* it begins with `broker` */
}

enum err service_check_http(const char *http, const char *token_file, struct errbuf *e)
{
    struct address address;
    enum err err = address_parse(text_of(http), ADDRESS_PORT_NEEDED, &address, e);
    if (err != OK)
        return err_set(e, err, "--http: %s", e->text);
    if (token_file || address_is_loopback(&address))
        return OK;
    return err_set(e, ERR_REFUSED,
                   "--http %s is reachable from other machines: a non-loopback address requires --token-file", http);
}

/* The tables of a program, with the common rows moved to where its target has them. */
struct tables {
    struct conf_option rows[ARRAY_LEN(service_options)];
    const struct conf_option *list[3];
};

static void tables_make(const struct service *service, struct tables *ret)
{
    memcpy(ret->rows, service_options, sizeof ret->rows);
    for (size_t i = 0; i < ARRAY_LEN(ret->rows); i++)
        ret->rows[i].offset += service->common_offset;
    ret->list[0] = service->options;
    ret->list[1] = ret->rows;
    ret->list[2] = NULL;
}

static const struct service_conf *common_of(const struct service *service, const void *target)
{
    return (const void *)((const char *)target + service->common_offset);
}

int service_configure(const struct service *service, int argc, char **argv, void *target, struct arena *arena,
                      enum err (*check)(void *target, struct errbuf *e), int *ret_next)
{
    const struct service_conf *common = common_of(service, target);
    struct tables tables;
    struct conf conf;
    struct errbuf e = { 0 };
    enum err err;
    tables_make(service, &tables);
    err = conf_init(&conf, tables.list, target, arena, &e);
    if (err == OK)
        err = conf_args(&conf, argc, argv, ret_next, &e);
    if (err != OK)
        return refuse(service, err, &e);
    if (common->help)
        return print_help(service);
    if (common->version)
        return print_version(service);
    if (*ret_next < argc && !service->takes_words)
        return refuse(service, err_set(&e, ERR_UNKNOWN, "%s: unexpected argument", argv[*ret_next]), &e);

    err = sources_read(service, &conf, common, &e);
    if (err != OK)
        return refuse(service, err, &e);
    if (common->print_config)
        return print_config(service, &conf);
    err = check ? check(target, &e) : OK;
    if (err != OK)
        return refuse(service, err, &e);
    if (common->check_config)
        return print_valid(service);
    log_setup(service->name, common->log_format, common->log_level);
    return -1;
}

enum err service_reread(const struct service *service, int argc, char **argv, void *target, struct arena *arena,
                        enum err (*check)(void *target, struct errbuf *e), struct errbuf *e)
{
    struct tables tables;
    struct conf conf;
    int next;
    enum err err;
    tables_make(service, &tables);
    err = conf_init(&conf, tables.list, target, arena, e);
    if (err == OK)
        err = conf_args(&conf, argc, argv, &next, e);
    if (err == OK)
        err = sources_read(service, &conf, common_of(service, target), e);
    if (err == OK && check)
        err = check(target, e);
    return err;
}
