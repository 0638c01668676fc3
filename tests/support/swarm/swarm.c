/* swarm - plays a fleet and those who attack it by a script, and compares what the queen tells with what it did.
 * README.md says how to write a script and how to read the table. */
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fleet.h"
#include "flood.h"
#include "http.h"
#include "observe.h"
#include "oracle.h"

#define READY_US INT64_C(600000000) /* 10,000 connect while others have the machine, too */
#define AFTER_US 1000000            /* after everything is told: what is told twice or wrongly comes then */

static const char usage[] =
    "usage: swarm --broker PORT --http PORT [OPTIONS] SCRIPT\n"
    "  --root TOPIC, --queen ID    whose topics (skep/v1, queen)\n"
    "  --logins DIR                DIR/USER.password; without it nobody logs in\n"
    "  --observer USER             who reads everything (observer)\n"
    "  --command-file FILE         to which the queen's --on-event appends\n"
    "  --confirm MS                the queen's --confirm-wait (250)\n"
    "  --limit MS                  late: more than MS and twice the subscriber's delay after it\n"
    "                              was due; without it: told after a flood had ended\n"
    "  --until SECONDS             how long floods go on until everything is told (60)\n"
    "exit: 0 everything was told, once, in time, and nothing else; 1 not so; 2 no result\n";

static struct stage stage = { .options = { .root = "skep/v1",
                                           .queen = "queen",
                                           .observer = "observer",
                                           .confirm_us = 250000,
                                           .until_us = 60000000 } };
static int pids[ACTIONS_MAX + CHANNEL_COUNT + 2];
static unsigned processes, ready;

static int64_t number_of(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    if (end == text || *end || number < 0)
        errx(2, "'%s' is no number", text);
    return number;
}

static void set_option(int option, const char *value)
{
    struct options *options = &stage.options;
    switch (option) {
    case 'b':
        options->broker = (int)number_of(value);
        break;
    case 'h':
        options->http = (int)number_of(value);
        break;
    case 'r':
        options->root = value;
        break;
    case 'q':
        options->queen = value;
        break;
    case 'l':
        options->logins = value;
        break;
    case 'o':
        options->observer = value;
        break;
    case 'c':
        options->command_file = value;
        break;
    case 'w':
        options->confirm_us = number_of(value) * 1000;
        break;
    case 'm':
        options->limit_us = number_of(value) * 1000;
        break;
    case 'u':
        options->until_us = number_of(value) * 1000000;
        break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static const char *read_options(int argc, char **argv)
{
    static const struct option options[] = {
        { "broker", required_argument, NULL, 'b' },
        { "http", required_argument, NULL, 'h' },
        { "root", required_argument, NULL, 'r' },
        { "queen", required_argument, NULL, 'q' },
        { "logins", required_argument, NULL, 'l' },
        { "observer", required_argument, NULL, 'o' },
        { "confirm", required_argument, NULL, 'w' },
        { "command-file", required_argument, NULL, 'c' },
        { "limit", required_argument, NULL, 'm' },
        { "until", required_argument, NULL, 'u' },
        { 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        set_option(option, optarg);
    if (optind != argc - 1 || !stage.options.broker || !stage.options.http)
        set_option('?', NULL);
    return argv[optind];
}

static void start(void (*play)(const struct stage *stage, unsigned number), unsigned number)
{
    pids[processes++] = stage_fork(&stage, play, number);
}

static void end_all(void)
{
    for (unsigned i = 0; i < processes; i++)
        kill(pids[i], SIGKILL);
    while (wait(NULL) > 0) {
    }
}

static void start_all(void)
{
    start(fleet_play, 0);
    start(observe_subscriber, 0);
    start(observe_verdicts, 0);
    start(observe_ring, 0);
    if (stage.options.command_file)
        start(observe_command, 0);
    for (unsigned i = 0; i < stage.script.count; i++) {
        enum verb verb = stage.script.actions[i].verb;
        if (verb_is_flood(verb))
            start(verb >= VERB_GET ? http_play : flood_play, i);
    }
}

/* Takes what is in the pipe, and waits 20 ms for it. A process that ended by a fault ends the swarm. */
static void take_reports(struct oracle *oracle)
{
    struct report report;
    struct pollfd fd = { .fd = stage.reports[0], .events = POLLIN };
    int status;
    while (poll(&fd, 1, 20) > 0) {
        if (read(stage.reports[0], &report, sizeof report) != sizeof report)
            err(2, "the oracle's pipe");
        if (report.kind == REPORT_READY)
            ready++;
        else
            oracle_take(oracle, &report);
    }
    if (waitpid(-1, &status, WNOHANG) > 0 && status != 0) {
        end_all();
        errx(2, "a part of the swarm failed");
    }
}

static void take_for(struct oracle *oracle, int64_t us)
{
    int64_t end = now_us() + us;
    while (now_us() < end)
        take_reports(oracle);
}

static void await_ready(struct oracle *oracle)
{
    int64_t end = now_us() + READY_US;
    while (ready < processes || !oracle_all_online(oracle)) {
        take_for(oracle, 100000);
        if (now_us() > end) {
            end_all();
            errx(2, "%u of %u are ready; not all workers are online", ready, processes);
        }
    }
    take_for(oracle, AFTER_US); /* what is told of the births */
    stage.shared->start_us = now_us() + 100000;
}

/* Until everything is done and told, and the floods have ended. */
static void await_end(struct oracle *oracle)
{
    unsigned deeds = 0, floods = 0;
    size_t sent = 0;
    for (unsigned i = 0; i < stage.script.count; i++)
        if (verb_is_flood(stage.script.actions[i].verb))
            floods++;
        else if (stage.script.actions[i].verb != VERB_FLEET)
            deeds += stage.script.actions[i].count;
    while (!stage.shared->over && stage_time(&stage) < stage.options.until_us) {
        struct findings findings;
        take_for(oracle, 200000);
        findings = oracle_judge(oracle, false);
        stage.shared->over = findings.deeds == deeds && findings.missed == 0;
    }
    stage.shared->over = true;
    for (int64_t end = now_us() + stage.script.end_us + 10 * AFTER_US; sent < floods && now_us() < end;) {
        take_for(oracle, 100000);
        sent = 0;
        for (size_t i = 0; i < oracle->count; i++)
            sent += oracle->reports[i].kind == REPORT_SENT;
    }
    take_for(oracle, AFTER_US);
}

static void show_floods(const struct oracle *oracle)
{
    for (size_t i = 0; i < oracle->count; i++) {
        const struct report *report = &oracle->reports[i];
        const struct action *action = &stage.script.actions[report->action];
        double seconds = (double)(report->at_us - stage.shared->start_us - action->at_us) / 1e6;
        if (report->kind == REPORT_SENT)
            printf("flood: %s %s: %lld of %lld in %.1f s, %.0f a second\n", verb_words[action->verb], action->target,
                   (long long)report->value, (long long)report->wanted, seconds, (double)report->value / seconds);
    }
}

int main(int argc, char **argv)
{
    struct oracle oracle = { .stage = &stage };
    struct findings found;
    unsigned wrong;
    script_read(&stage.script, read_options(argc, argv));
    stage.shared = mmap(NULL, sizeof *stage.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stage.shared == MAP_FAILED || pipe2(stage.reports, O_CLOEXEC) != 0)
        err(2, "shared memory, or a pipe");
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    start_all();
    await_ready(&oracle);
    printf("swarm: begins\n");
    await_end(&oracle);
    start(observe_stored, 0);
    while (waitpid(pids[processes - 1], NULL, WNOHANG) == 0) /* the pipe holds less than it tells */
        take_reports(&oracle);
    take_reports(&oracle);
    found = oracle_judge(&oracle, true);
    show_floods(&oracle);
    wrong = oracle_compare_states(&oracle);
    end_all();
    printf("swarm: deeds=%u missed=%u false=%u duplicated=%u late=%u wrong_states=%u\n", found.deeds, found.missed,
           found.wrong, found.duplicated, found.late, wrong);
    return found.missed + found.wrong + found.duplicated + found.late + wrong > 0;
}
