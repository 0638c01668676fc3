#include "queen_conf.h"

#include <stdlib.h>
#include <unistd.h>

#include "inifile.h"
#include "read_file.h"
#include "secret.h"
#include "store.h"
#include "topic.h"

#define ROW(member) offsetof(struct queen_conf, member)
#define GIB (1024LL * 1024 * 1024)
#define DAY_MS (24LL * 3600 * 1000)
#define EXPECT_MAX (16 * 1024 * 1024)

static const struct conf_option options[] = {
    { "id", CONF_ID, ROW(core.id), .fallback = "queen", .arg = "ID", .help = "name of this queen on the broker" },
    { "http", CONF_TEXT, ROW(http), .fallback = "127.0.0.1:7833", .arg = "ADDRESS",
      .help = "HTTP listen address; a non-loopback address requires --token-file" },
    { "token-file", CONF_TEXT, ROW(token_file), .arg = "FILE",
      .help = "file that holds the token required for writes over HTTP (Authorization: Bearer)" },
    { "http-host", CONF_TEXT, ROW(http_host), .min = 1, .max = 4096, .arg = "NAME,...",
      .help = "further names of this host in requests over HTTP, e.g. of a proxy, without ports" },
    { "stale-after", CONF_DURATION, ROW(core.stale_after), .min = 3000, .max = 30 * DAY_MS, .fallback = "90s",
      .arg = "TIME", .help = "lease of senders that declare none: silence after which they are stale" },
    { "confirm-wait", CONF_DURATION, ROW(core.confirm_wait), .min = 0, .max = 60000, .fallback = "250ms", .arg = "TIME",
      .help = "time for a worker to reconnect after its last will arrived" },
    { "return-grace", CONF_DURATION, ROW(core.return_grace), .min = 0, .max = 3600000, .fallback = "35s", .arg = "TIME",
      .help = "extra lease for workers after a broker outage" },
    { "verify-timeout", CONF_DURATION, ROW(core.verify_timeout), .min = 1000, .max = 60000, .fallback = "5s",
      .arg = "TIME", .help = "timeout of a verification" },
    { "verify-http", CONF_TEXT, ROW(verify_http), .fallback = "off", .arg = "off|CIDR,...",
      .help = "networks whose /health may be requested over HTTP, e.g. 10.0.0.0/8,127.0.0.1; off: none" },
    { "sd-endpoints", CONF_TEXT, ROW(sd), .fallback = "off", .arg = "off|CIDR,...",
      .help = "networks whose endpoints GET /v1/sd lists as targets of Prometheus; off: none" },
    { "metrics-max-series", CONF_INT, ROW(core.max_series), .min = 0, .max = 100000000, .fallback = "100000",
      .arg = "N", .help = "maximum number of series of hives, models and workers in GET /metrics" },
    { "keep-alive", CONF_DURATION, ROW(core.keep_alive), .min = 5000, .max = 65535000, .fallback = "5s", .arg = "TIME",
      .help = "MQTT keep-alive, whole seconds" },
    { "max-workers", CONF_INT, ROW(core.max_workers), .min = 1, .max = 10000000, .fallback = "200000", .arg = "N",
      .help = "maximum number of workers, and of hives; when full, the hive with most makes room" },
    { "max-state", CONF_SIZE, ROW(core.max_document_bytes), .min = 1024 * 1024, .max = 64 * GIB, .fallback = "512MiB",
      .arg = "SIZE", .help = "memory limit for all documents; when full, the hive with most makes room" },
    { "expect", CONF_TEXT, ROW(expect), .arg = "FILE",
      .help = "file that lists the workers that must exist, one HIVE/NAME or NAME per line" },
    { "devices", CONF_TEXT, ROW(devices_file), .arg = "FILE",
      .help = "file that maps topics of other systems' devices to workers, e.g. of Tasmota or zigbee2mqtt" },
    { "state-dir", CONF_TEXT, ROW(state_dir), .max = 4000, .arg = "DIR",
      .help = "directory of the database that keeps verdicts and ages over restarts; empty: none" },
    { "on-event", CONF_TEXT, ROW(on_event), .arg = "COMMAND",
      .help = "shell command to run for events, which it receives as JSON on standard input, one a line" },
    { 0 },
};

const struct service queen_service = {
    .name = "skep-queen",
    .summary = "keeps the registry of a fleet: judges its workers, reports why",
    .usage = "skep-queen [OPTIONS]",
    .examples = "  skep-queen                                        broker and HTTP on this host\n"
                "  skep-queen --broker mqtts://broker.example --username queen --password-file pw\n"
                "  skep-queen --http 0.0.0.0:7833 --token-file token  reachable from other hosts\n"
                "  skep-queen --on-event 'jq -c .state >> changes'    a command for what changes\n"
                "  skep-queen --devices devices.ini                  devices of other systems\n"
                "  kill -HUP $(pidof skep-queen)                     read token and devices again\n",
    .exit_codes = SERVICE_EXIT_CODES,
    .section = "queen",
    .options = options,
};

static enum err read_expected(const char *path, struct buf *ret, struct errbuf *e)
{
    char chunk[4096];
    ssize_t got;
    int fd;
    if (read_file_open(path, &fd, e) != OK)
        return err_set(e, ERR_IO, "--expect %s", e->text);
    ret->limit = EXPECT_MAX;
    while ((got = read_up_to(fd, chunk, sizeof chunk)) > 0 && !ret->failed)
        buf_add(ret, chunk, (size_t)got);
    close(fd);
    return got < 0 || !buf_ok(ret) ? err_set(e, ERR_IO, "--expect %s: cannot be read, or has more than 16 MiB", path)
                                   : OK;
}

struct devices_file {
    const char *path;
    struct devices *devices;
};

static enum err take_device_key(void *user, const char *section, const char *key, const char *value, int line,
                                struct errbuf *e)
{
    const struct devices_file *file = user;
    enum err err = devices_key(file->devices, section, key, value, line, e);
    return err == OK ? OK : err_set(e, err, "%s:%d: %s", file->path, line, e->text);
}

static enum err read_devices(struct queen_conf *conf, struct errbuf *e)
{
    struct devices_file file = { conf->devices_file, calloc(1, sizeof *file.devices) };
    enum err err;
    if (!(conf->devices = file.devices))
        return err_set(e, ERR_NOMEM, "--devices: out of memory");
    devices_init(file.devices, conf->common.root);
    if ((err = inifile_parse_file(file.path, take_device_key, &file, e)) != OK ||
        (err = devices_finish(file.devices, file.path, e)) != OK)
        return err_set(e, err, "--devices %s", e->text);
    conf->core.devices = file.devices;
    return OK;
}

enum err queen_conf_make(const struct queen_conf *conf, const struct queen_options *core, ms_t now, ms_t wall,
                         struct queen **ret, struct errbuf *e)
{
    struct queen_options completed = *core;
    enum err err;
    completed.root = conf->common.root;
    completed.expect = buf_text(&conf->expected); /* absent without --expect */
    err = queen_new(&completed, now, wall, ret, e);
    return err == ERR_ID || err == ERR_FULL ? err_set(e, err, "--expect %s: %s", conf->expect, e->text) : err;
}

static enum err read_networks(const char *option, const char *value, struct cidr_list *ret, struct errbuf *e)
{
    enum err err = strcmp(value, "off") == 0 ? OK : cidr_list_parse(text_of(value), ret, e);
    return err == OK ? OK : err_set(e, err, "--%s must be off, or networks and commas: %s", option, e->text);
}

enum err queen_conf_check(void *target, struct errbuf *e)
{
    struct queen_conf *conf = target;
    auto_free(queen) tried = NULL; /* a start makes its own, and has no memory to spare for another one */
    enum err err;
    if ((err = service_check_login(&conf->common, e)) != OK ||
        (err = topic_root_check(text_of(conf->common.root), e)) != OK ||
        (err = service_check_http(conf->http, conf->http_host, conf->token_file, &conf->token, e)) != OK ||
        (err = read_networks("verify-http", conf->verify_http, &conf->http_allowlist, e)) != OK ||
        (err = read_networks("sd-endpoints", conf->sd, &conf->sd_endpoints, e)) != OK)
        return err;
    if (conf->core.keep_alive % 1000 != 0)
        return err_set(e, ERR_RANGE, "--keep-alive: must be whole seconds");
    if ((conf->devices_file && (err = read_devices(conf, e)) != OK) ||
        (conf->expect && (err = read_expected(conf->expect, &conf->expected, e)) != OK) || !conf->common.check_config)
        return err;
    if (queen_conf_has_store(conf) && (err = store_check(conf->state_dir, e)) != OK)
        return err;
    return queen_conf_make(conf, &conf->core, 0, 0, &tried, e);
}

enum err queen_conf_reread(const struct queen_conf *conf, int argc, char **argv, struct arena *arena,
                           struct queen_conf *ret, struct errbuf *e)
{
    return service_reread(&queen_service, argc, argv, conf, ret, arena, queen_conf_check, e);
}

void queen_conf_clear(struct queen_conf *conf)
{
    secret_free(conf->token);
    buf_clear(&conf->expected);
    if (conf->devices)
        devices_clear(conf->devices);
    free(conf->devices);
}
