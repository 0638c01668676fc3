#include "probe_http.h"

#include <time.h>

#include "clock.h"
#include "fetch.h"
#include "log.h"
#include "probe.h"
#include "url_query.h"

#define BODY_MAX (4 * 1024 * 1024) /* bytes: metrics of many engines and models */

struct looker {
    const struct probe_conf *conf;
    const struct probe_source *source;
    struct fetch fetch;
    struct probe probe;
    struct errbuf fault; /* of the last request */
    struct errbuf noted; /* what was logged last */
};

static void url_of(const struct looker *looker, const struct engine_step *step, struct buf *ret)
{
    buf_printf(ret, "%s%s", step->is_at_metrics ? looker->source->metrics_url : looker->source->url, step->path);
    if (!step->takes_model || !looker->conf->model)
        return;
    url_query_add(ret, "model", looker->conf->model);
    url_query_add(ret, "autoload", "false");
}

/* A connection is used for nothing else: the next one needs a handle of its own. */
static enum err connect_only(struct looker *looker)
{
    struct fetch *fetch = &looker->fetch;
    enum err err = fetch_connect(fetch, looker->source->url, looker->conf->timeout, &looker->fault);
    CURLcode code = fetch->code;
    fetch_clear(fetch);
    if (fetch_init(fetch, NULL, BODY_MAX, NULL) != OK)
        return ERR_NOMEM;
    fetch->code = code;
    return err;
}

static enum err request(struct looker *looker, const struct engine_step *step, struct fetched *ret)
{
    auto_clear(buf) url = BUF_INIT;
    if (looker->source->connects_only)
        return connect_only(looker);
    url_of(looker, step, &url);
    if (!buf_ok(&url))
        return err_set(&looker->fault, ERR_NOMEM, "out of memory");
    looker->fetch.posted = step->body;
    return fetch_request(&looker->fetch, step->body ? "POST" : "GET", buf_str(&url), looker->conf->api_key != NULL,
                         looker->conf->timeout, ret, &looker->fault);
}

/* What a server that is just starting may do as well, or a proxy before it. */
static bool is_unreachable(const struct fetch *fetch)
{
    switch (fetch->code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
        return true;
    default:
        return fetch->code == CURLE_OPERATION_TIMEDOUT && !fetch->was_connected;
    }
}

static enum probe_outcome outcome_of(const struct fetch *fetch, enum err err)
{
    if (err == OK)
        return OUTCOME_ANSWERED;
    if (is_unreachable(fetch))
        return OUTCOME_UNREACHABLE;
    return fetch->code == CURLE_OPERATION_TIMEDOUT ? OUTCOME_TIMEOUT : OUTCOME_UNUSABLE;
}

static enum err ask(struct looker *looker, const struct engine_step *step)
{
    struct fetched fetched = { 0 };
    struct probe_answer answer = { 0 };
    enum err err;
    looker->fault.text[0] = '\0';
    err = request(looker, step, &fetched);
    if (err == ERR_NOMEM)
        return err;
    answer.outcome = outcome_of(&looker->fetch, err);
    answer.status = (int)fetched.status;
    answer.body = fetched.body;
    answer.fault = err == OK ? NULL : looker->fault.text;
    probe_take(&looker->probe, &answer, clock_mono());
    return OK;
}

/* What keeps it from knowing more is logged when it is something else than before. */
static void log_note(struct looker *looker)
{
    const char *note = looker->probe.note.text;
    if (note[0] && strcmp(note, looker->noted.text) != 0)
        log_at(LOG_WARNING, "the engine shows less than it could", "engine", looker->source->engine->name, "why", note,
               NULL);
    looker->noted = looker->probe.note;
}

static enum err look(struct looker *looker, struct lines *lines, struct errbuf *e)
{
    auto_clear(buf) line = BUF_INIT;
    const struct engine_step *step;
    probe_begin(&looker->probe);
    while ((step = probe_next(&looker->probe)))
        if (ask(looker, step) != OK)
            return err_set(e, ERR_NOMEM, "out of memory");
    log_note(looker);
    probe_write(&looker->probe, &line);
    if (!buf_ok(&line))
        return err_set(e, ERR_NOMEM, "out of memory");
    return lines_print(lines, buf_text(&line), clock_mono(), e);
}

static enum err go_on(struct looker *looker, struct lines *lines, struct errbuf *e)
{
    enum err err;
    for (;;) {
        ms_t left, next = clock_mono() + looker->conf->every;
        if ((err = look(looker, lines, e)) != OK || looker->conf->once)
            return err;
        if ((left = next - clock_mono()) > 0)
            nanosleep(&(struct timespec){ left / 1000, left % 1000 * 1000000 }, NULL);
    }
}

int probe_http_run(const struct probe_conf *conf, struct lines *lines, struct errbuf *e)
{
    struct looker looker = { .conf = conf, .source = &conf->source };
    enum err err = fetch_init(&looker.fetch, conf->api_key, BODY_MAX, e);
    bool is_ready;
    probe_init(&looker.probe, conf->source.engine, (int)conf->expect, conf->stall);
    if (err == OK)
        err = go_on(&looker, lines, e);
    is_ready = probe_is_ready(&looker.probe);
    fetch_clear(&looker.fetch);
    probe_clear(&looker.probe);
    if (err != OK)
        return EXIT_FAILED;
    return is_ready ? EXIT_OK : EXIT_UNHEALTHY;
}
