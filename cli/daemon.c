/* skep queen, skep hive - start, stop or look at a daemon of this machine. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "daemon_program.h"
#include "health_conf.h"
#include "output.h"

#define STOP_TIMEOUT 15000 /* ms from TERM until the daemon must have ended */
#define CHECK_EVERY 50     /* ms */

static const struct conf_option options[] = {
    { "id", CONF_ID, HEALTH_CONF(id), .arg = "ID", .help = "name of the daemon; default: its own" },
    { 0 },
};

/* What is handed on to the daemon if it was given, and read back from what the daemon makes of it. All are texts. */
static const struct conf_option *const handed_on[] = { options, health_daemon_rows };
#define HANDED_ON_MAX (1 + SERVICE_BROKER_ROWS)

struct daemon {
    struct health_conf conf;      /* with the daemon's own settings; the target of the options */
    const char *http, *state_dir; /* settings of the daemon; NULL = not set */
    const char *kind;
    struct daemon_program program;
    struct health_target target;
    struct daemon_files files;
    pid_t pid;                /* of who holds the pid file; 0 = nobody */
    char name[8 + NAME_SIZE]; /* KIND/ID */
    struct arena arena;
};

/* The options' tables and `printed` fill one target: they count their offsets from the same place. */
_Static_assert(offsetof(struct daemon, conf) == 0, "offsets in struct health_conf hold in struct daemon");

static const struct conf_option printed[] = {
    { "http", CONF_TEXT, offsetof(struct daemon, http) },
    { "state-dir", CONF_TEXT, offsetof(struct daemon, state_dir) },
    { 0 },
};

/* The options that were given to skep, then those behind `--`. */
static enum err collect_options(struct daemon *daemon, const struct cli *cli, struct errbuf *e)
{
    size_t count = 2, rest = 0;
    char **argv;
    while (cli->rest && cli->rest[rest])
        rest++;
    if (!(argv = arena_alloc(&daemon->arena, (count + HANDED_ON_MAX + rest + 1) * sizeof *argv)))
        return err_set(e, ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < ARRAY_LEN(handed_on); i++) {
        for (const struct conf_option *option = handed_on[i]; option->name; option++) {
            const char *value = *(const char **)(void *)((char *)daemon + option->offset);
            if (value && !(argv[count++] = arena_printf(&daemon->arena, "--%s=%s", option->name, value)))
                return err_set(e, ERR_NOMEM, "out of memory");
        }
    }
    for (size_t i = 0; i < rest; i++)
        argv[count++] = cli->rest[i];
    argv[count] = NULL;
    daemon->program.argv = argv;
    return OK;
}

/* Most settings do not matter here. */
static enum err take_setting(void *user, const char *section, const char *key, const char *value, int line,
                             struct errbuf *e)
{
    enum err err = key ? conf_set(user, text_of(key), text_of(value), CONF_FROM_FILE, key, e) : OK;
    (void)section, (void)line;
    return err == ERR_UNKNOWN ? OK : err;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The daemon itself prints what its options, environment and file come to. Over HTTP it is at its own address, unless
 * --http-url says otherwise; which port is free, only the daemon will know. */
static enum err settle(struct daemon *daemon, struct errbuf *e)
{
    const struct conf_option *const tables[] = { options, health_daemon_rows, printed, NULL };
    struct conf conf;
    enum err err = conf_init(&conf, tables, daemon, &daemon->arena, e);
    if (err == OK)
        err = daemon_program_run(&daemon->program, "--print-config", take_setting, &conf, e);
    if (err != OK)
        return err;
    if (!daemon->conf.id)
        return err_set(e, ERR_SYNTAX, "skep-%s has no id of its own here: use --id ID", daemon->kind);
    if (!daemon->conf.daemon.login.broker || !daemon->conf.daemon.root)
        return err_set(e, ERR_IO, "%s does not print its --broker and --root", daemon->program.path);
    if (daemon->http && !daemon->conf.http_url && !ends_with(daemon->http, ":0") &&
        !(daemon->conf.http_url = arena_printf(&daemon->arena, "http://%s", daemon->http)))
        return err_set(e, ERR_NOMEM, "out of memory");
    return OK;
}

/* A hive that is killed must not leave workers of which its successor knows nothing; and a queen what it has seen. */
static enum err give_state_dir(struct daemon *daemon, struct errbuf *e)
{
    if (daemon->state_dir)
        return OK;
    daemon->program.first = arena_printf(&daemon->arena, "--state-dir=%s", daemon->files.state_path);
    return daemon->program.first ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

static enum err daemon_open(struct daemon *daemon, const struct cli *cli, struct errbuf *e)
{
    enum err err = collect_options(daemon, cli, e);
    if (err == OK)
        err = daemon_program_find(daemon->kind, &daemon->program, e);
    if (err == OK)
        err = settle(daemon, e);
    if (err != OK)
        return err;
    snprintf(daemon->name, sizeof daemon->name, "%s/%s", daemon->kind, daemon->conf.id);
    err = health_target_parse(daemon->name, &daemon->target, e);
    if (err == OK)
        err = daemon_files_open(daemon->kind, daemon->conf.id, &daemon->files, e);
    return err != OK ? err : daemon_files_holder(&daemon->files, &daemon->pid, e);
}

static enum err request_health(struct daemon *daemon, bool wait, pid_t child, struct health_outcome *ret,
                               struct errbuf *e)
{
    struct health_poll_options poll = {
        .name = daemon->name, .http_url = daemon->conf.http_url, .pid = child ? child : daemon->pid, .child = child
    };
    return health_conf_run(&daemon->conf, &daemon->target, wait, &poll, ret, e);
}

/* The other commands would look for it at the default address. */
static void note_address(const struct daemon *daemon)
{
    const char *url = daemon->conf.http_url;
    if (strcmp(daemon->kind, "queen") == 0 && url && strcmp(url, daemon->conf.common.queen) != 0)
        output_note("for other commands: --queen %s, or SKEP_QUEEN=%s", url, url);
}

static enum err start(struct daemon *daemon, struct errbuf *e)
{
    struct health_outcome outcome;
    struct errbuf why = { 0 };
    pid_t child = 0;
    enum err err = give_state_dir(daemon, e);
    if (err == OK && !daemon->pid)
        err = daemon_program_run(&daemon->program, "--check-config", NULL, NULL, e);
    if (err == OK && !daemon->pid)
        err = daemon_program_start(&daemon->program, &daemon->files, &child, e);
    if (err != OK)
        return err;
    output_note("%s %s, pid %d, log %s", daemon->name, child ? "started" : "is running already, with its own options",
                (int)(child ? child : daemon->pid), daemon->files.log_path);
    err = request_health(daemon, true, child, &outcome, e);
    if (err == OK)
        err = health_conclude(daemon->name, true, &outcome, &why);
    if (err == OK)
        note_address(daemon);
    if (err == OK || !why.text[0])
        return err;
    if (outcome.kind == HEALTH_DIED)
        daemon_files_show_log(&daemon->files);
    return err_set(e, err, "%s%s", why.text, outcome.kind == HEALTH_DIED ? "" : "; it is left running");
}

static enum err await_end(struct daemon *daemon, struct errbuf *e)
{
    ms_t begun = clock_mono(), now;
    pid_t pid = daemon->pid, holder = pid;
    enum err err = OK;
    while ((now = clock_mono()) < begun + STOP_TIMEOUT) {
        err = daemon_files_holder(&daemon->files, &holder, e);
        if (err != OK || holder != pid)
            break;
        output_progress("waiting for %s to end, %.1f s", daemon->name, (double)(now - begun) / 1000);
        nanosleep(&(struct timespec){ .tv_nsec = CHECK_EVERY * 1000000L }, NULL);
    }
    output_progress(NULL);
    if (err == OK && holder == pid)
        err = err_set(e, ERR_IO, "%s (pid %d) is still running %d s after SIGTERM", daemon->name, (int)pid,
                      STOP_TIMEOUT / 1000);
    return err;
}

static enum err stop(struct daemon *daemon, struct errbuf *e)
{
    auto_clear(buf) line = BUF_INIT;
    if (daemon->pid) {
        if (kill(daemon->pid, SIGTERM) != 0 && errno != ESRCH) /* it may have ended by itself */
            return err_set(e, ERR_IO, "pid %d, which holds %s, cannot be signalled", (int)daemon->pid,
                           daemon->files.pid_path);
        enum err err = await_end(daemon, e);
        if (err != OK)
            return err;
    }
    buf_printf(&line, "%s: %s\n", daemon->name, daemon->pid ? "stopped" : "was not running");
    return output_write(&line, e);
}

/* Whoever answers in place of the daemon of the pid file. */
static enum err status_of_another(const struct daemon *daemon, const struct health_outcome *outcome, struct errbuf *e)
{
    if (daemon->pid)
        return err_set(e, ERR_STATE, "%s, pid %d, does not respond, but pid %lld does", daemon->name, (int)daemon->pid,
                       (long long)outcome->other_pid);
    return err_set(e, ERR_STATE, "%s was not started by skep here; pid %lld responds (%s via %s)", daemon->name,
                   (long long)outcome->answer.pid, health_status_name(outcome->answer.status), outcome->path);
}

static enum err status(struct daemon *daemon, struct errbuf *e)
{
    struct health_outcome outcome;
    if (daemon->pid)
        output_note("%s: pid %d, log %s", daemon->name, (int)daemon->pid, daemon->files.log_path);
    enum err err = request_health(daemon, false, 0, &outcome, e);
    if (err == OK && (daemon->pid ? outcome.kind == HEALTH_SILENT && outcome.other_pid : outcome.kind != HEALTH_SILENT))
        return status_of_another(daemon, &outcome, e);
    if (err == OK && outcome.kind == HEALTH_SILENT && daemon->pid)
        return err_set(e, ERR_STATE,
                       "%s is running, but does not respond there: give status the options that start had",
                       daemon->name);
    if (err == OK && outcome.kind == HEALTH_SILENT)
        return err_set(e, ERR_STATE, "%s is not running", daemon->name);
    return err != OK ? err : health_conclude(daemon->name, false, &outcome, e);
}

static const struct {
    const char *word;
    enum err (*fn)(struct daemon *daemon, struct errbuf *e);
} verbs[] = {
    { "start", start },
    { "stop", stop },
    { "status", status },
};

static enum err run(struct cli *cli, const void *options_given, struct errbuf *e)
{
    const struct health_conf *conf = options_given;
    struct daemon daemon = { .kind = cli->command, .conf = *conf, .files = { .pid_fd = -1, .log_fd = -1 } };
    size_t i = 0;
    while (i < ARRAY_LEN(verbs) && strcmp(cli->word, verbs[i].word) != 0)
        i++;
    if (i == ARRAY_LEN(verbs))
        return err_set(e, ERR_SYNTAX, "%s: must be start, stop or status", cli->word);
    enum err err = daemon_open(&daemon, cli, e);
    if (err == OK)
        err = verbs[i].fn(&daemon, e);
    daemon_files_close(&daemon.files);
    arena_clear(&daemon.arena);
    return err;
}

#define NOTES                                                                           \
    "The daemon is installed next to skep. Arguments after -- are passed to it, as\n"   \
    "are --id and the broker options. Its pid file and log are KIND-ID.pid and\n"       \
    "KIND-ID.log in $XDG_RUNTIME_DIR, else in /tmp/skep-UID.\n"                         \
    "start waits until the daemon is ready. Exit codes: 0 ready, also if it was\n"      \
    "already running; 3 attempts used up (it is left running); 1 it died, 6 another\n"  \
    "process has its id: with the end of its log. stop sends SIGTERM and waits 15 s.\n" \
    "status: 0 healthy; 3 not, or what responds is not the daemon of the pid file.\n"

#define DAEMON_COMMAND(kind, KIND)                                                                                 \
    .name = kind, .summary = "start, stop or check a " kind " on this machine",                                    \
    .usage = "skep " kind " start|stop|status [OPTIONS] [-- OPTIONS-OF-SKEP-" KIND "]", .notes = NOTES,            \
    .options = options, .more = { health_poll_rows, health_daemon_rows }, .conf_size = sizeof(struct health_conf), \
    .word = "start, stop or status", .takes_rest = true, .run = run

const struct command command_queen = {
    DAEMON_COMMAND("queen", "QUEEN"),
    .examples = "  skep queen start\n"
                "  skep queen start -- --http 127.0.0.1:8833 --stale-after 2m\n"
                "  skep queen status\n"
                "  skep queen stop\n",
};

const struct command command_hive = {
    DAEMON_COMMAND("hive", "HIVE"),
    .examples = "  skep hive start -- --config hive.ini\n"
                "  skep hive status -- --config hive.ini         # the options of the start\n"
                "  skep hive stop --id hive-a\n",
};
