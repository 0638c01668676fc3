#include "probe_conf.h"

#include <stdlib.h>

#include "address.h"
#include "http_url.h"
#include "secret.h"

#define AT(member) offsetof(struct probe_conf, member)
#define DAY_MS (24LL * 3600 * 1000)

static const struct conf_option options[] = {
    { "interval", CONF_DURATION, AT(interval), .min = 100, .max = DAY_MS, .fallback = "30s", .arg = "TIME",
      .help = "maximum time between two lines" },
    { "every", CONF_DURATION, AT(every), .min = 50, .max = DAY_MS, .fallback = "5s", .arg = "TIME",
      .help = "time between two polls of the engine" },
    { "timeout", CONF_DURATION, AT(timeout), .min = 50, .max = 3600 * 1000, .fallback = "2s", .arg = "TIME",
      .help = "maximum time that an answer takes" },
    { "stall", CONF_DURATION, AT(stall), .min = 0, .max = DAY_MS, .fallback = "0", .arg = "TIME",
      .help = "report this stall_ms: how long work in flight may make no progress; 0: the default, 60s" },
    { "model", CONF_TEXT, AT(model), .min = 1, .max = 256, .arg = "NAME",
      .help = "llama.cpp as a router: the model to report; it is not loaded for that" },
    { "metrics-url", CONF_URI, AT(metrics_url), .min = 1, .max = 1000, .arg = "URL",
      .help = "triton: where its metrics are; the port 8002 of URL by default" },
    { "expect", CONF_INT, AT(expect), .min = 100, .max = 599, .arg = "STATUS",
      .help = "http, prometheus: HTTP status of an engine that is well; any of 200 to 299 by default" },
    { "api-key-file", CONF_TEXT, AT(api_key_file), .min = 1, .max = 4095, .arg = "FILE",
      .help = "file that holds the engine's API key, sent as bearer token" },
    { "api-key-in-clear", CONF_FLAG, AT(api_key_in_clear), .help = "send the key over http:// to other machines, too" },
    { "once", CONF_FLAG, AT(once), .command_line_only = true, .help = "one line, and exit" },
    { 0 },
};

const struct service probe_service = {
    .name = "skep-probe",
    .summary = "how an inference engine does, as lines for skep-worker --stdin",
    .examples = "  skep-probe llama.cpp http://127.0.0.1:8080 |\n"
                "      skep-worker --id gpu-0 --stdin\n"
                "  skep-probe --once vllm http://gpu-box:8000\n"
                "  skep-probe http http://127.0.0.1:9000/status queue_depth=/queue/length\n"
                "  skep-probe prometheus http://127.0.0.1:9100/metrics \\\n"
                "      'inflight=jobs{state=\"running\"}' progress=steps_total metrics.heat=temp\n"
                "  skep-probe tcp tcp://127.0.0.1:5432\n"
                "  skep-probe exec -- ./queue-length --json\n"
                "\n"
                "Engines: llama.cpp, vllm, sglang, ollama, triton, tensorrt-llm; and\n"
                "  http         the document at URL; FIELD=POINTER, a JSON pointer\n"
                "  prometheus   the metrics at URL; FIELD=METRIC or FIELD=METRIC{LABEL=\"VALUE\"}\n"
                "  tcp          whether URL takes connections\n"
                "  exec         what COMMAND prints: JSON objects, one a line\n",
    .usage = "skep-probe [OPTIONS] ENGINE URL [FIELD=SOURCE...]\n"
             "       skep-probe [OPTIONS] exec -- COMMAND [ARG...]",
    .exit_codes = "    0  with --once: the engine is there\n"
                  "    1  failure, or standard output is closed\n"
                  "    2  wrong usage or configuration\n"
                  "    3  with --once: it is starting, loading or faulty\n",
    .section = "probe",
    .options = options,
    .has_no_broker = true,
    .takes_words = true,
};

/* Kinds of what has no name of its own. */
static const struct kind {
    const char *name;
    enum answer_format format;
    bool connects_only;
} kinds[] = {
    { "http", FORMAT_JSON, false },
    { "prometheus", FORMAT_PROMETHEUS, false },
    { "tcp", FORMAT_NONE, true },
};

static const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static enum err no_engine(const char *name, struct errbuf *e)
{
    auto_clear(buf) names = BUF_INIT;
    engine_names(&names);
    return err_set(e, ERR_UNKNOWN, "%s: not an engine; there are %s, http, prometheus, tcp and exec",
                   address_shown(name), buf_str(&names));
}

static enum err copy_url(const char *url, bool keeps_slash, struct arena *arena, const char **ret, struct errbuf *e)
{
    char *read = NULL, *copy;
    enum err err = http_url_read(url, "/", &read, e);
    if (err != OK)
        return err;
    for (size_t len = strlen(read); !keeps_slash && len > 0 && read[len - 1] == '/'; len--)
        read[len - 1] = '\0';
    copy = arena_copy(arena, text_of(read));
    free(read);
    if (!copy)
        return err_set(e, ERR_NOMEM, "out of memory");
    *ret = copy;
    return OK;
}

static enum err make_engine(const struct kind *kind, char *const *words, struct arena *arena, struct probe_source *ret,
                            struct errbuf *e)
{
    size_t count = 0;
    for (; words[count]; count++) {
        enum err err = count < RULES_MAX ? rule_parse(text_of(words[count]), kind->format == FORMAT_JSON, arena,
                                                      &ret->rules[count], e)
                                         : err_set(e, ERR_FULL, "at most %d fields", RULES_MAX);
        if (err == OK && kind->connects_only)
            err = err_set(e, ERR_UNKNOWN, "tcp has no fields");
        if (err != OK)
            return err_set(e, err, "%s: %s", address_shown(words[count]), e->text);
    }
    ret->made = (struct engine){ .name = kind->name, .refused = "starting", .unavailable = "error" };
    ret->made.steps[0] = (struct engine_step){
        .path = "", .format = kind->format, .is_ready_check = true, .rules = ret->rules, .rule_count = count
    };
    ret->engine = &ret->made;
    ret->connects_only = kind->connects_only;
    return OK;
}

/* libcurl connects as for http, and sends nothing. */
static enum err read_tcp(const char *url, struct arena *arena, struct probe_source *ret, struct errbuf *e)
{
    struct text address = text_of(url);
    struct address read;
    const char *http;
    if (!text_skip(&address, TEXT("tcp://")) || strchr(address.at, '/') ||
        address_parse(address, ADDRESS_PORT_NEEDED, &read, NULL) != OK || read.port == 0)
        return err_set(e, ERR_SYNTAX, "the URL must be like tcp://127.0.0.1:5432");
    if (!(http = arena_printf(arena, "http://%s", address.at)))
        return err_set(e, ERR_NOMEM, "out of memory");
    return copy_url(http, false, arena, &ret->url, e);
}

static enum err find_metrics(const struct probe_conf *conf, struct arena *arena, struct probe_source *ret,
                             struct errbuf *e)
{
    char *url = NULL;
    enum err err;
    ret->metrics_url = ret->url;
    if (ret->engine->metrics_port == 0)
        return conf->metrics_url ? err_set(e, ERR_UNKNOWN, "only triton has --metrics-url") : OK;
    if (conf->metrics_url)
        return copy_url(conf->metrics_url, false, arena, &ret->metrics_url, e);
    if ((err = http_url_at_port(ret->url, ret->engine->metrics_port, &url, e)) != OK)
        return err;
    err = copy_url(url, false, arena, &ret->metrics_url, e);
    free(url);
    return err;
}

/* Nobody on the way reads a key that goes over the loopback or over TLS. */
static enum err check_key(const struct probe_conf *conf, const struct probe_source *source, struct errbuf *e)
{
    if (!conf->api_key_file || conf->api_key_in_clear ||
        (http_url_is_private(source->url) && http_url_is_private(source->metrics_url)))
        return OK;
    return err_set(e, ERR_REFUSED,
                   "the API key is not sent to another machine in clear: use https://, or "
                   "--api-key-in-clear");
}

static enum err read_engine(const struct probe_conf *conf, char *const *words, struct arena *arena,
                            struct probe_source *ret, struct errbuf *e)
{
    const struct kind *kind = kind_find(words[0]);
    enum err err;
    ret->engine = engine_find(words[0]);
    if (!ret->engine && !kind)
        return no_engine(words[0], e);
    if (!words[1])
        return err_set(e, ERR_MISSING, "missing URL of the engine");
    if (kind && (err = make_engine(kind, words + 2, arena, ret, e)) != OK)
        return err;
    if (!kind && words[2])
        return err_set(e, ERR_UNKNOWN, "%s: unexpected argument; options stand before ENGINE", address_shown(words[2]));
    err = ret->connects_only ? read_tcp(words[1], arena, ret, e) : copy_url(words[1], kind, arena, &ret->url, e);
    if (err != OK || (err = find_metrics(conf, arena, ret, e)) != OK)
        return err;
    return check_key(conf, ret, e);
}

static enum err read_command(const struct probe_conf *conf, char *const *words, struct probe_source *ret,
                             struct errbuf *e)
{
    const char *refused = conf->api_key_file       ? "api-key-file"
                          : conf->api_key_in_clear ? "api-key-in-clear"
                          : conf->expect           ? "expect"
                          : conf->model            ? "model"
                          : conf->metrics_url      ? "metrics-url"
                                                   : NULL;
    if (refused)
        return err_set(e, ERR_UNKNOWN, "--%s: not for a command that is run", refused);
    if (words[0] && strcmp(words[0], "--") == 0)
        words++;
    if (!words[0])
        return err_set(e, ERR_MISSING, "exec needs a command: exec -- COMMAND [ARG...]");
    ret->command = words;
    return OK;
}

enum err probe_conf_check(void *target, struct errbuf *e)
{
    struct probe_conf *conf = target;
    char *const *words = conf->argv + conf->next;
    enum err err;
    conf->every = ms_min(conf->every, conf->interval);
    if (!words[0])
        return err_set(e, ERR_MISSING, "missing ENGINE");
    if (strcmp(words[0], "exec") == 0)
        return read_command(conf, words + 1, &conf->source, e);
    if ((err = read_engine(conf, words, conf->arena, &conf->source, e)) != OK || !conf->api_key_file)
        return err;
    err = secret_read(conf->api_key_file, &conf->api_key, e);
    return err == OK ? OK : err_set(e, err, "--api-key-file %s", e->text);
}
