/* skep - asks the queen on behalf of people and scripts. */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>

#include "address.h"
#include "command.h"
#include "command_hint.h"
#include "health_conf.h"
#include "help.h"
#include "inherited.h"
#include "output.h"
#include "secret.h"
#include "service.h"

static const struct command *const commands[] = {
    &command_ps,     &command_describe, &command_verify, &command_wait, &command_events,
    &command_forget, &command_health,   &command_queen,  &command_hive, NULL,
};

static const struct conf_option common_options[] = {
    { "queen", CONF_TEXT, offsetof(struct cli_conf, queen), .min = 1, .max = 2048, .fallback = "http://127.0.0.1:7833",
      .arg = "URL", .help = "URL of the queen" },
    { "token-file", CONF_TEXT, offsetof(struct cli_conf, token_file), .min = 1, .max = 4095, .arg = "FILE",
      .help = "file that holds the queen's token, required for changes" },
    { "token-in-clear", CONF_FLAG, offsetof(struct cli_conf, token_in_clear),
      .help = "send the token over http:// to other machines, too" },
    { "no-color", CONF_FLAG, offsetof(struct cli_conf, no_color), .command_line_only = true,
      .help = "no colours, as with NO_COLOR in the environment" },
    { "help", CONF_FLAG, offsetof(struct cli_conf, help), .short_name = 'h', .command_line_only = true,
      .help = "print this help and exit" },
    { "version", CONF_FLAG, offsetof(struct cli_conf, version), .command_line_only = true,
      .help = "print the version and exit" },
    { 0 },
};

static const int exit_codes[ERR_COUNT] = {
    [OK] = EXIT_OK,
    [ERR_SYNTAX] = EXIT_USAGE,
    [ERR_ID] = EXIT_USAGE,
    [ERR_AMBIGUOUS] = EXIT_USAGE,
    [ERR_NOT_FOUND] = EXIT_NOT_FOUND,
    [ERR_UNREACHABLE] = EXIT_UNREACHABLE,
    [ERR_REFUSED] = EXIT_REFUSED,
    [ERR_CONFLICT] = EXIT_REFUSED,
    [ERR_TIMEOUT] = EXIT_TIMED_OUT,
    [ERR_STATE] = EXIT_UNHEALTHY,
};

static int fail(enum err err, const struct errbuf *e)
{
    output_note("%s", e->text);
    return exit_codes[err] ? exit_codes[err] : EXIT_FAILED;
}

/* A wrong command line. `command` may be NULL. */
static int refuse(const struct command *command, enum err err, const struct errbuf *e)
{
    if (err == ERR_NOMEM)
        return fail(err, e);
    output_note("%s (see skep %s%s--help)", e->text, command ? command->name : "", command ? " " : "");
    return EXIT_USAGE;
}

static const struct command *command_find(const char *name)
{
    const struct command *const *command = commands;

    while (*command && strcmp((*command)->name, name) != 0)
        command++;
    return *command;
}

/* --help, also of one command, or --version. */
static int print_help(const struct cli_conf *conf, const struct command *command)
{
    auto_clear(buf) text = BUF_INIT;
    struct errbuf e = { 0 };
    if (!conf->help)
        buf_add_str(&text, "skep " SKEP_VERSION "\n");
    else if (command)
        help_add_command(&text, command, common_options);
    else
        help_add(&text, commands, common_options);
    enum err err = output_write(&text, &e);
    return err != OK ? fail(err, &e) : EXIT_OK;
}

/* A file that cannot be used is a wrong option, whatever is wrong with it. */
static enum err api_open(const struct cli_conf *conf, struct api *ret, struct errbuf *e)
{
    char *token = NULL;
    enum err err = conf->token_file ? secret_read(conf->token_file, &token, e) : OK;
    if (err != OK)
        return err_set(e, err == ERR_NOMEM ? err : ERR_SYNTAX, "--token-file: %s", e->text);
    err = api_init(ret, conf->queen, token, conf->token_in_clear, e);
    secret_free(token);
    return err;
}

static int run(const struct command *command, const struct cli_conf *conf, const char *word, char **rest)
{
    auto_clear(api) api = { 0 };
    struct errbuf e = { 0 };
    struct cli cli = { .command = command->name, .api = &api, .word = word, .rest = rest };
    enum err err = api_open(conf, &api, &e);
    cli.display.width = service_terminal_width(STDOUT_FILENO);
    cli.display.colour = !conf->no_color && output_has_colour();
    if (err == OK)
        err = command->run(&cli, conf, &e);
    return err != OK ? fail(err, &e) : EXIT_OK;
}

/* Options stand before and behind the word, so that `skep wait w1 --for online` reads as people say it. */
static enum err read_words(struct conf *conf, int argc, char **argv, bool takes_word, const char **ret_word,
                           struct errbuf *e)
{
    for (int at = 0; at < argc;) {
        int next;
        enum err err = conf_args(conf, argc - at, argv + at, &next, e);
        if (err != OK)
            return err;
        at += next;
        if (at >= argc)
            break;
        if (!takes_word || *ret_word)
            return err_set(e, ERR_SYNTAX, "%s: unexpected argument", address_shown(argv[at]));
        *ret_word = argv[at];
    }
    return OK;
}

/* argv[before] is the command's name; the options before it count, too. */
static int command_run(const struct command *command, int before, int argc, char **argv, struct arena *arena)
{
    const struct conf_option *const tables[] = { common_options, command->options, command->more[0], command->more[1],
                                                 NULL };
    struct cli_conf *target = arena_zalloc(arena, command->conf_size);
    struct errbuf e = { 0 };
    struct conf conf;
    const char *word = NULL;
    int own = 0, next;
    while (own < argc && !(command->takes_rest && strcmp(argv[own], "--") == 0))
        own++;
    if (!target)
        return fail(err_set(&e, ERR_NOMEM, "out of memory"), &e);
    enum err err = conf_init(&conf, tables, target, arena, &e);
    if (err == OK)
        err = conf_environment(&conf, environ, &e);
    if (err == OK)
        err = conf_args(&conf, before, argv, &next, &e);
    if (err == OK)
        err = read_words(&conf, own - before, argv + before, command->word != NULL, &word, &e);
    if (err != OK)
        return refuse(command, err, &e);
    if (target->help || target->version)
        return print_help(target, command);
    if (command->word && !word)
        return refuse(command, err_set(&e, ERR_SYNTAX, "missing argument: %s", command->word), &e);
    return run(command, target, word, own < argc ? argv + own + 1 : NULL);
}

static int refuse_unknown(const char *word)
{
    auto_clear(buf) hint = BUF_INIT;
    const char *names[ARRAY_LEN(commands)] = { NULL };
    struct errbuf e = { 0 };
    for (size_t i = 0; commands[i]; i++)
        names[i] = commands[i]->name;
    command_hint_add(&hint, word, names);
    return refuse(NULL, err_set(&e, ERR_UNKNOWN, "%s: no such command%s", address_shown(word), buf_str(&hint)), &e);
}

/* `skep help [COMMAND]` and `skep version`, as with dashes. NULL: the word is neither. */
static const char *option_of(const char *word)
{
    return strcmp(word, "help") == 0 ? "--help" : strcmp(word, "version") == 0 ? "--version" : NULL;
}

/* Reads what stands before the command, to find it. */
static int dispatch(int argc, char **argv, struct arena *arena)
{
    const struct conf_option *const tables[] = { common_options, NULL };
    struct cli_conf target = { 0 };
    struct errbuf e = { 0 };
    struct conf conf;
    int next;
    enum err err = conf_init(&conf, tables, &target, arena, &e);
    if (err == OK)
        err = conf_args(&conf, argc, argv, &next, &e);
    if (err != OK)
        return refuse(NULL, err, &e);
    if (target.help || target.version)
        return print_help(&target, NULL);
    if (next >= argc)
        return refuse(NULL, err_set(&e, ERR_SYNTAX, "missing COMMAND argument"), &e);
    const char *option = option_of(argv[next]);
    if (option && next + 1 == argc) {
        target.help = strcmp(option, "--help") == 0;
        return print_help(&target, NULL);
    }
    if (option) { /* argv[0] is not read */
        argv[next] = argv[next + 1];
        argv[next + 1] = (char *)option;
    }
    const struct command *command = command_find(argv[next]);
    if (!command)
        return refuse_unknown(argv[next]);
    return command_run(command, next, argc, argv, arena);
}

/* Whatever was printed is out already: output_write flushes. */
static void interrupted(int signal_number)
{
    (void)signal_number;
    _exit(EXIT_INTERRUPTED);
}

int main(int argc, char **argv)
{
    struct arena arena = { 0 };
    inherited_settle();
    setlocale(LC_CTYPE, "C.UTF-8"); /* for the widths of characters */
    if (!inherited_ignores(SIGINT))
        signal(SIGINT, interrupted);
    if (curl_global_init(CURL_GLOBAL_DEFAULT)) {
        output_note("libcurl cannot be set up");
        return EXIT_FAILED;
    }
    health_conf_init();
    int code = dispatch(argc, argv, &arena);
    arena_clear(&arena);
    curl_global_cleanup();
    return code;
}
