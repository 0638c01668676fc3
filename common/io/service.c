#include "service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "address.h"
#include "httpd_names.h"
#include "inifile.h"
#include "log.h"
#include "mqtt_setup.h"
#include "secret.h"

#define WIDTH_UNKNOWN 80
#define WIDTH_MAX 120 /* longer lines of text are hard to read */
#define COLUMNS_MAX 10000
#define LABEL_SIZE 256

#define AT(member) offsetof(struct service_conf, member)

const struct conf_option service_options[] = {
    { "broker", CONF_URI, AT(login.broker), .min = 1, .max = 1000, .fallback = "mqtt://127.0.0.1:1883", .arg = "URI",
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
      .help = "validate the configuration and the files that it names, and exit" },
    { "print-config", CONF_FLAG, AT(print_config), .command_line_only = true,
      .help = "print each value with its origin and exit" },
    { "version", CONF_FLAG, AT(version), .command_line_only = true, .help = "print the version and exit" },
    { "help", CONF_FLAG, AT(help), .short_name = 'h', .command_line_only = true, .help = "print this help and exit" },
    { 0 },
};

static const struct conf_option *common_options(const struct service *service)
{
    return service_options + (service->has_no_broker ? SERVICE_BROKER_ROWS : 0);
}

/* `text` may quote what came from outside. */
static void print_sentence(const struct service *service, const char *kind, const char *text)
{
    char shown[ERRBUF_SIZE];
    text_to_printable(text_of(text), shown, sizeof shown);
    fprintf(stderr, "%s: %s%s\n", service->name, kind, shown);
}

int service_refuse(const struct service *service, enum err err, const struct errbuf *e)
{
    print_sentence(service, "", e->text);
    return err == ERR_NOMEM ? EXIT_FAILED : EXIT_USAGE;
}

void service_warn(const struct service *service, const char *format, ...)
{
    char text[ERRBUF_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_sentence(service, "warning: ", text);
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

/* --help: usage, examples, the program's options, the common ones, exit codes. */
static void service_help(const struct service *service, struct buf *ret)
{
    const struct conf_option *const own[] = { service->options, NULL };
    const struct conf_option *const common[] = { common_options(service), NULL };
    size_t columns = service_terminal_width(STDOUT_FILENO);
    int width = columns == 0 ? WIDTH_UNKNOWN : columns < WIDTH_MAX ? (int)columns : WIDTH_MAX;
    buf_printf(ret, "%s - %s\n\nUsage: %s\n", service->name, service->summary, service->usage);
    buf_printf(ret, "\nExamples:\n%s", service->examples);
    buf_add_str(ret, "\nOptions:\n");
    conf_help(own, width, ret);
    buf_add_str(ret, "\nOptions of every program:\n");
    conf_help(common, width, ret);
    buf_printf(ret, "\nExit codes:\n%s", service->exit_codes);
}

struct reading {
    const struct service *service;
    struct conf *conf;
    const char *path;
    int section_line;                /* where the section began; 0 = not yet */
    int key_lines[CONF_OPTIONS_MAX]; /* where the option of each row was given; 0 = not yet */
};

static enum err section_take(struct reading *reading, const char *section, int line, struct errbuf *e)
{
    const struct service *service = reading->service;
    if (strcmp(section, service->section) != 0)
        return err_set(e, ERR_UNKNOWN, "%s:%d: unknown section [%s]: must be [%s]%s%s", reading->path, line, section,
                       service->section, service->other_sections ? ", " : "",
                       service->other_sections ? service->other_sections : "");
    if (reading->section_line)
        return err_set(e, ERR_DUPLICATE, "%s:%d: section [%s] repeated: it began at line %d", reading->path, line,
                       section, reading->section_line);
    reading->section_line = line;
    return OK;
}

/* Where the line is noted at which this key was given; NULL: there is no such key. */
static int *key_line(struct reading *reading, const char *key)
{
    const struct conf_option *const *tables = reading->conf->tables;
    for (struct conf_row row = { 0 }; conf_row_next(&tables, &row);)
        if (strcmp(row.option->name, key) == 0)
            return &reading->key_lines[row.index];
    return NULL;
}

static enum err key_take(void *user, const char *section, const char *key, const char *value, int line,
                         struct errbuf *e)
{
    struct reading *reading = user;
    char label[LABEL_SIZE];
    int *given;
    enum err err;
    if (reading->service->owns_section && reading->service->owns_section(section)) { /* it is the program's */
        err = reading->service->section_key(reading->conf->target, section, key, value, line, e);
        return err != OK ? err_set(e, err, "%s:%d: %s", reading->path, line, e->text) : OK;
    }
    if (!key)
        return section_take(reading, section, line, e);
    snprintf(label, sizeof label, "%s:%d: %s", reading->path, line, key);
    if (!reading->section_line)
        return err_set(e, ERR_UNKNOWN, "%s: must come after the line [%s]", label, reading->service->section);
    given = key_line(reading, key);
    if (given && *given)
        return err_set(e, ERR_DUPLICATE, "%s: repeated: first given at line %d", label, *given);
    if (given)
        *given = line;
    return conf_set(reading->conf, text_of(key), text_of(value), CONF_FROM_FILE, label, e);
}

/* Environment and file: what --help and --version do not need. Unknown and repeated sections and keys are refused. */
static enum err sources_read(struct reading *reading, struct errbuf *e)
{
    const struct service *service = reading->service;
    struct conf *conf = reading->conf;
    enum err err = conf_environment(conf, environ, e);
    reading->path = ((const struct service_conf *)conf->target)->config; /* from the command line or the environment */
    if (err == OK && reading->path)
        err = inifile_parse_file(reading->path, key_take, reading, e);
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

enum err service_check_login(const struct service_conf *conf, struct errbuf *e)
{
    enum err err = service_check_broker(conf, e);
    return err == OK ? mqtt_setup_try_files(&conf->login, e) : err;
}

enum err service_check_http(const char *http, const char *names, const char *token_file, char **ret_token,
                            struct errbuf *e)
{
    struct address address;
    enum err err = address_parse(text_of(http), ADDRESS_PORT_NEEDED, &address, e);
    if (err != OK)
        return err_set(e, err, "--http: %s", e->text);
    if ((err = httpd_names_check(names, e)) != OK)
        return err_set(e, err, "--http-host: %s", e->text);
    if (token_file)
        return (err = secret_read(token_file, ret_token, e)) == OK ? OK : err_set(e, err, "--token-file %s", e->text);
    if (address_is_loopback(&address))
        return OK;
    return err_set(e, ERR_REFUSED,
                   "--http %s is reachable from other machines: a non-loopback address requires --token-file", http);
}

int service_configure(const struct service *service, int argc, char **argv, void *target, struct arena *arena,
                      enum err (*check)(void *target, struct errbuf *e), int *ret_next)
{
    const struct conf_option *const tables[] = { service->options, common_options(service), NULL };
    const struct service_conf *common = target;
    struct buf text = BUF_INIT;
    struct conf conf;
    struct reading reading = { .service = service, .conf = &conf };
    struct errbuf e = { 0 };
    enum err err;
    if ((err = conf_init(&conf, tables, target, arena, &e)) != OK ||
        (err = conf_args(&conf, argc, argv, ret_next, &e)) != OK)
        return service_refuse(service, err, &e);
    if (common->help) {
        service_help(service, &text);
        return print(service, &text);
    }
    if (common->version) {
        buf_printf(&text, "%s %s\n", service->name, SKEP_VERSION);
        return print(service, &text);
    }
    if (*ret_next < argc && !service->takes_words)
        return service_refuse(service,
                              err_set(&e, ERR_UNKNOWN, "%s: unexpected argument", address_shown(argv[*ret_next])), &e);
    if ((err = sources_read(&reading, &e)) != OK)
        return service_refuse(service, err, &e);
    if (common->print_config) {
        buf_printf(&text, "[%s]\n", service->section);
        conf_print(&conf, &text);
        return print(service, &text);
    }
    if ((err = check(target, &e)) != OK)
        return service_refuse(service, err, &e);
    if (common->check_config) {
        buf_add_str(&text, "configuration is valid\n");
        return print(service, &text);
    }
    log_setup(service->name, common->log_format, common->log_level);
    return -1;
}

/* Only the file can have changed: the command line and the environment are those of the start. */
static enum err refuse_changes(const struct reading *reading, const void *before, struct errbuf *e)
{
    struct conf_row row;
    const char *path = reading->path ? reading->path : "the configuration";
    int line;
    if (!conf_differs(reading->conf, before, &row))
        return OK;
    line = reading->key_lines[row.index];
    return err_set(e, ERR_REFUSED, "%s%s%s: %s cannot change while the program runs: restart it", path, line ? ":" : "",
                   line ? INT_TEXT(line) : "", row.option->name);
}

enum err service_reread(const struct service *service, int argc, char **argv, const void *before, void *target,
                        struct arena *arena, enum err (*check)(void *target, struct errbuf *e), struct errbuf *e)
{
    const struct conf_option *const tables[] = { service->options, common_options(service), NULL };
    struct conf conf;
    struct reading reading = { .service = service, .conf = &conf };
    int next;
    enum err err;
    if ((err = conf_init(&conf, tables, target, arena, e)) != OK ||
        (err = conf_args(&conf, argc, argv, &next, e)) != OK || (err = sources_read(&reading, e)) != OK ||
        (err = refuse_changes(&reading, before, e)) != OK)
        return err;
    return check(target, e);
}
