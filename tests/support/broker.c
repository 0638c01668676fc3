#include "broker.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "await.h"
#include "buf.h"
#include "socket.h"

#define TRIES 5          /* another process may take the free port first */
#define FOLDER_MODE 0755 /* a mosquitto that gives up root still reads its files */
#define CONFIG_DEFAULT                                                          \
    "user root\nallow_anonymous true\nmax_queued_messages 0\nlog_dest stderr\n" \
    "log_type error\nlog_type warning\nlog_type notice\nlog_type information\n"

struct broker {
    char *folder;
    char *config; /* of the caller, as given */
    char uri[64];
    int port;
    pid_t pid; /* 0 = not running */
};

static void path_in(const struct broker *broker, const char *name, char ret[512])
{
    snprintf(ret, 512, "%s/%s", broker->folder, name);
}

char *broker_folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char path[256];
    snprintf(path, sizeof path, "%s/skep-broker-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(path) || chmod(path, FOLDER_MODE)) {
        perror(path);
        return NULL;
    }
    return strdup(path);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* Adds `config` with its placeholders filled in. */
static void config_add(struct buf *buf, const struct broker *broker, const char *config)
{
    while (*config) {
        if (strncmp(config, "@DIR@", 5) == 0) {
            buf_add_str(buf, broker->folder);
            config += 5;
        } else if (strncmp(config, "@PORT@", 6) == 0) {
            buf_printf(buf, "%d", broker->port);
            config += 6;
        } else {
            buf_add_char(buf, *config++);
        }
    }
}

static bool config_write(const struct broker *broker)
{
    struct buf buf = BUF_INIT;
    char path[512];
    FILE *file;
    bool fine;
    buf_add_str(&buf, CONFIG_DEFAULT);
    if (!strstr(broker->config, "listener "))
        buf_printf(&buf, "listener %d 127.0.0.1\n", broker->port);
    config_add(&buf, broker, broker->config);
    buf_add_char(&buf, '\n');
    path_in(broker, "mosquitto.conf", path);
    file = fopen(path, "we");
    fine = file && buf_ok(&buf) && fputs(buf_str(&buf), file) >= 0;
    if (file && fclose(file))
        fine = false;
    buf_clear(&buf);
    return fine;
}

static void broker_exec(const struct broker *broker)
{
    char config[512], log[512];
    int fd;
    path_in(broker, "mosquitto.conf", config);
    path_in(broker, "log", log);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    execl(MOSQUITTO_PROGRAM, "mosquitto", "-c", config, (char *)NULL);
    _exit(127);
}

static bool has_ended(void *user)
{
    struct broker *broker = user;
    if (broker->pid && waitpid(broker->pid, NULL, WNOHANG) == broker->pid)
        broker->pid = 0;
    return broker->pid == 0;
}

static bool accepts_or_ended(void *user)
{
    struct broker *broker = user;
    int fd;
    if (has_ended(broker))
        return true;
    fd = socket_connect(broker->port);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static bool broker_run(struct broker *broker)
{
    broker->pid = fork();
    if (broker->pid == 0)
        broker_exec(broker);
    if (broker->pid < 0) {
        perror("fork");
        broker->pid = 0;
        return false;
    }
    return await(accepts_or_ended, broker, AWAIT_LIMIT) && !has_ended(broker);
}

static bool broker_try(struct broker *broker)
{
    broker->port = socket_free_port();
    snprintf(broker->uri, sizeof broker->uri, "mqtt://127.0.0.1:%d", broker->port);
    return broker->port > 0 && config_write(broker) && broker_run(broker);
}

struct broker *broker_start_in(char *folder, const char *config)
{
    struct broker *broker = calloc(1, sizeof *broker);
    if (!broker || !folder || !(broker->config = strdup(config ? config : ""))) {
        free(folder);
        free(broker);
        return NULL;
    }
    broker->folder = folder;
    for (int i = 0; i < TRIES; i++) {
        if (broker_try(broker))
            return broker;
        broker_kill(broker);
    }
    broker_print_log(broker);
    broker_free(broker);
    return NULL;
}

struct broker *broker_start(const char *config)
{
    return broker_start_in(broker_folder_new(), config);
}

void broker_free(struct broker *broker)
{
    if (!broker)
        return;
    broker_kill(broker);
    nftw(broker->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(broker->folder);
    free(broker->config);
    free(broker);
}

int broker_port(const struct broker *broker)
{
    return broker->port;
}

const char *broker_uri(const struct broker *broker)
{
    return broker->uri;
}

const char *broker_folder(const struct broker *broker)
{
    return broker->folder;
}

/* mosquitto 2.0 forgets a signal that comes while it begins to listen: it is sent again. */
static void broker_end(struct broker *broker, int signal)
{
    do {
        if (broker->pid)
            kill(broker->pid, signal);
    } while (!await(has_ended, broker, 1000));
}

void broker_stop(struct broker *broker)
{
    broker_end(broker, SIGTERM);
}

void broker_kill(struct broker *broker)
{
    broker_end(broker, SIGKILL);
}

bool broker_restart(struct broker *broker)
{
    return broker_run(broker);
}

void broker_pause(struct broker *broker)
{
    kill(broker->pid, SIGSTOP);
}

void broker_resume(struct broker *broker)
{
    kill(broker->pid, SIGCONT);
}

void broker_print_log(const struct broker *broker)
{
    char path[512], line[512];
    FILE *file;
    path_in(broker, "log", path);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        fprintf(stderr, "broker: %s", line);
    if (file)
        fclose(file);
}
