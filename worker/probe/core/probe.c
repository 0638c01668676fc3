#include "probe.h"

#include <math.h>

#include "json_write.h"

#define DOCUMENT_MEMORY (32 * 1024 * 1024) /* bytes of one answer and its values */
#define ASLEEP "asleep"
#define UNANSWERED "unanswered_ms"

#define STATUS_BUSY "busy"
#define STATUS_IDLE "idle"
#define STATUS_ERROR "error"

static struct probe_metric *metric_find(struct probe *probe, const char *name)
{
    for (size_t i = 0; i < probe->metric_count; i++)
        if (strcmp(probe->metrics[i].name, name) == 0)
            return &probe->metrics[i];
    return NULL;
}

static void metric_declare(struct probe *probe, const char *name)
{
    if (probe->metric_count < MSG_GAUGES_MAX && !metric_find(probe, name))
        probe->metrics[probe->metric_count++] = (struct probe_metric){ name, NAN };
}

static void metric_set(struct probe *probe, const char *name, double value)
{
    struct probe_metric *metric = metric_find(probe, name);
    if (metric)
        metric->value = value;
}

static void declare(struct probe *probe, const struct rule *rule)
{
    if (rule->target == TO_METRIC)
        metric_declare(probe, rule->metric);
    else if (rule->target == TO_ASLEEP || rule->target == TO_AWAKE)
        metric_declare(probe, ASLEEP);
    else if (rule->target == TO_COUNT)
        probe->has[TO_LAST_INFERENCE_MS] = true;
    else if (rule->target < TO_METRIC)
        probe->has[rule->target] = true;
}

static size_t step_count(const struct engine *engine)
{
    size_t count = 0;
    while (count < ENGINE_STEPS_MAX && engine->steps[count].path)
        count++;
    return count;
}

/* Of a process that has gone nothing is known any more. */
static void forget(struct probe *probe)
{
    probe->model[0] = probe->version[0] = '\0';
    probe->seconds = probe->count = probe->numbers[TO_LAST_INFERENCE_MS] = NAN;
    memset(probe->was_fetched, 0, sizeof probe->was_fetched);
    for (size_t i = 0; i < ENGINE_STEPS_MAX; i++)
        for (size_t k = 0; k < RULES_MAX; k++)
            probe->before[i][k] = NAN;
}

void probe_init(struct probe *probe, const struct engine *engine, int wanted_status, ms_t stall_limit)
{
    *probe = (struct probe){ .engine = engine,
                             .wanted_status = wanted_status,
                             .stall_limit = stall_limit,
                             .arena.limit = DOCUMENT_MEMORY,
                             .unanswered_since = MS_NEVER };
    metric_declare(probe, UNANSWERED);
    for (size_t i = 0; i < step_count(engine); i++)
        for (size_t k = 0; k < engine->steps[i].rule_count; k++)
            declare(probe, &engine->steps[i].rules[k]);
    forget(probe);
}

void probe_clear(struct probe *probe)
{
    arena_clear(&probe->arena);
}

void probe_begin(struct probe *probe)
{
    double last = probe->numbers[TO_LAST_INFERENCE_MS];
    probe->looks++;
    probe->step = 0;
    probe->is_over = false;
    probe->status = NULL;
    probe->asleep = NAN;
    probe->note.text[0] = '\0';
    for (size_t i = 0; i < RULE_NUMBER_COUNT; i++)
        probe->numbers[i] = NAN;
    probe->numbers[TO_LAST_INFERENCE_MS] = last;
    for (size_t i = 0; i < probe->metric_count; i++)
        probe->metrics[i].value = NAN;
}

static bool is_due(const struct probe *probe, size_t step)
{
    return !probe->engine->steps[step].is_seldom || !probe->was_fetched[step] || probe->looks % PROBE_SELDOM == 0;
}

static size_t next_due(const struct probe *probe)
{
    size_t step = probe->step, count = step_count(probe->engine);
    while (step < count && !is_due(probe, step))
        step++;
    return probe->is_over ? count : step;
}

const struct engine_step *probe_next(const struct probe *probe)
{
    size_t step = next_due(probe);
    return step < step_count(probe->engine) ? &probe->engine->steps[step] : NULL;
}

static void end(struct probe *probe, const char *status)
{
    probe->status = status;
    probe->is_over = true;
}

static const char *shown_path(const struct engine_step *step)
{
    return step->path[0] ? step->path : "its URL";
}

/* What is asked beside may be missing: then it is absent. */
static void note_missing(struct probe *probe, const struct engine_step *step, const struct probe_answer *answer)
{
    if (answer->outcome != OUTCOME_ANSWERED)
        (void)err_set(&probe->note, OK, "%s: %s", shown_path(step),
                      answer->fault ? answer->fault : "connection refused");
    else
        (void)err_set(&probe->note, OK, "%s is HTTP %d%s%s", shown_path(step), answer->status,
                      step->missing ? ": " : "", step->missing ? step->missing : "");
}

static bool is_missing(int status)
{
    return status == 404 || status == 501;
}

/* Whether the step's answer is to be read. */
static bool is_usable(struct probe *probe, const struct engine_step *step, const struct probe_answer *answer)
{
    int status = answer->status;
    bool is_right = status == 0 || (step->is_ready_check && probe->wanted_status ? status == probe->wanted_status
                                                                                 : status >= 200 && status < 300);
    if (is_right)
        return true;
    note_missing(probe, step, answer);
    if (!step->is_ready_check || (step->missing && is_missing(status)))
        return false;
    forget(probe);
    end(probe, status == 503 ? probe->engine->unavailable : STATUS_ERROR);
    return false;
}

static void unanswered(struct probe *probe, const struct engine_step *step, const struct probe_answer *answer)
{
    bool is_starting = answer->outcome == OUTCOME_UNREACHABLE && !probe->was_ready;
    note_missing(probe, step, answer);
    if (!step->is_ready_check)
        return;
    forget(probe);
    end(probe, is_starting ? probe->engine->refused : STATUS_ERROR);
}

/* What hardly changes may take long to find out, and tells nothing of the work: it is asked again when it is due. */
static void timed_out(struct probe *probe, size_t at, ms_t now)
{
    const struct engine_step *step = &probe->engine->steps[at];
    (void)err_set(&probe->note, OK, "no answer in time to %s", shown_path(step));
    if (step->is_seldom) {
        probe->was_fetched[at] = true;
        return;
    }
    if (probe->unanswered_since == MS_NEVER)
        probe->unanswered_since = now;
    probe->unanswered_for = now - probe->unanswered_since;
    metric_set(probe, UNANSWERED, (double)probe->unanswered_for);
    end(probe, STATUS_BUSY);
    for (size_t i = 0; i < RULE_NUMBER_COUNT; i++)
        if (i != TO_LAST_INFERENCE_MS)
            probe->numbers[i] = NAN;
}

static void keep_text(const struct found *found, char *ret, size_t size)
{
    if (found->text.len > 0 && !ret[0])
        text_to_printable(found->text, ret, size);
}

static void keep_status(struct probe *probe, const struct found *found)
{
    if (!text_is_id(found->text))
        return;
    memcpy(probe->reported_status, found->text.at, found->text.len);
    probe->reported_status[found->text.len] = '\0';
    probe->status = probe->reported_status;
}

static double rate(const struct probe *probe, size_t step, size_t rule, double value, ms_t now)
{
    double before = probe->before[step][rule];
    ms_t passed = now - probe->before_at[step];
    return value >= before && passed > 0 ? (value - before) * 1000 / (double)passed : NAN; /* NAN if before is */
}

static void add_number(double *sum, double value)
{
    *sum = isnan(*sum) ? value : *sum + value;
}

static void take_number(struct probe *probe, size_t step, size_t row, double number, ms_t now)
{
    const struct rule *rule = &probe->engine->steps[step].rules[row];
    double value = rule->factor != 0 ? number * rule->factor : number;
    if (rule->is_rate) {
        double growth = rate(probe, step, row, value, now);
        probe->before[step][row] = value;
        value = growth;
    }
    if (rule->target == TO_METRIC)
        metric_set(probe, rule->metric, value);
    else if (rule->target == TO_ASLEEP)
        probe->asleep = value != 0;
    else if (rule->target == TO_AWAKE)
        probe->asleep = value == 0;
    else if (rule->target < RULE_NUMBER_COUNT && !(rule->is_extra && isnan(probe->numbers[rule->target])))
        add_number(&probe->numbers[rule->target], value);
}

static void take_found(struct probe *probe, size_t step, size_t row, const struct found *found, ms_t now)
{
    switch (probe->engine->steps[step].rules[row].target) {
    case TO_STATUS:
        keep_status(probe, found);
        break;
    case TO_MODEL:
        keep_text(found, probe->model, sizeof probe->model);
        break;
    case TO_VERSION:
        keep_text(found, probe->version, sizeof probe->version);
        break;
    default:
        if (!isnan(found->number))
            take_number(probe, step, row, found->number, now);
    }
}

/* The mean of those that ended since the last look. */
static void take_latency(struct probe *probe, const struct engine_step *step, const struct found *found)
{
    double seconds = NAN, count = NAN;
    for (size_t i = 0; i < step->rule_count; i++) {
        double factor = step->rules[i].factor != 0 ? step->rules[i].factor : 1;
        if (step->rules[i].target == TO_SECONDS)
            seconds = found[i].number * factor;
        else if (step->rules[i].target == TO_COUNT)
            count = found[i].number;
    }
    if (isnan(seconds) || isnan(count))
        return;
    if (count > probe->count && seconds >= probe->seconds)
        probe->numbers[TO_LAST_INFERENCE_MS] = round((seconds - probe->seconds) / (count - probe->count) * 1e6) / 1e3;
    probe->seconds = seconds;
    probe->count = count;
}

/* The model that a step names may have changed. */
static void forget_texts(struct probe *probe, const struct engine_step *step)
{
    for (size_t i = 0; i < step->rule_count; i++)
        if (step->rules[i].target == TO_MODEL)
            probe->model[0] = '\0';
        else if (step->rules[i].target == TO_VERSION)
            probe->version[0] = '\0';
}

static void read_answer(struct probe *probe, size_t at, struct text body, ms_t now)
{
    const struct engine_step *step = &probe->engine->steps[at];
    struct found found[RULES_MAX];
    struct errbuf e = { 0 };
    enum err err = OK;
    if (step->format == FORMAT_NONE || step->rule_count == 0)
        return;
    if (step->format == FORMAT_PROMETHEUS)
        rules_read_prometheus(step->rules, step->rule_count, body, found);
    else
        err = rules_read_json(step->rules, step->rule_count, body, &probe->arena, found, &e);
    if (err != OK)
        (void)err_set(&probe->note, OK, "%s: %s", shown_path(step), e.text);
    if (err != OK && step->is_ready_check) /* it is another program */
        end(probe, STATUS_ERROR);
    forget_texts(probe, step);
    for (size_t i = 0; i < step->rule_count; i++)
        take_found(probe, at, i, &found[i], now);
    take_latency(probe, step, found);
    probe->before_at[at] = now;
    arena_reset(&probe->arena);
}

/* Asleep is not hung, and to ask on could wake it. */
static void settle_sleep(struct probe *probe)
{
    metric_set(probe, ASLEEP, probe->asleep);
    if (!(probe->asleep > 0))
        return;
    end(probe, STATUS_IDLE);
    probe->numbers[TO_INFLIGHT] = probe->numbers[TO_PROGRESS] = NAN;
}

void probe_take(struct probe *probe, const struct probe_answer *answer, ms_t now)
{
    size_t at = next_due(probe);
    const struct engine_step *step = &probe->engine->steps[at];
    probe->step = at + 1;
    if (answer->outcome == OUTCOME_TIMEOUT) {
        timed_out(probe, at, now);
        return;
    }
    if (answer->outcome != OUTCOME_ANSWERED) {
        unanswered(probe, step, answer);
        return;
    }
    if (step->is_ready_check || step->format == FORMAT_PROMETHEUS) {
        probe->unanswered_since = MS_NEVER;
        metric_set(probe, UNANSWERED, 0);
    }
    if (!is_usable(probe, step, answer))
        return;
    probe->was_fetched[at] = true;
    probe->was_ready = true;
    read_answer(probe, at, answer->body, now);
    settle_sleep(probe);
}

static const char *status_of(const struct probe *probe)
{
    if (probe->status)
        return probe->status;
    return probe->numbers[TO_INFLIGHT] > 0 || probe->numbers[TO_QUEUE_DEPTH] > 0 ? STATUS_BUSY : STATUS_IDLE;
}

bool probe_is_ready(const struct probe *probe)
{
    const char *status = status_of(probe);
    return strcmp(status, "starting") != 0 && strcmp(status, "loading") != 0 && strcmp(status, STATUS_ERROR) != 0;
}

/* As the field takes it; NAN = absent. */
static double as_field(enum rule_target target, double value)
{
    if (!isfinite(value) || value < 0)
        return NAN;
    if (target == TO_GPU_UTILIZATION)
        return value <= 1 ? value : NAN;
    if (target == TO_LAST_INFERENCE_MS)
        return value <= 1e15 ? value : NAN;
    return value <= MSG_INT_MAX ? floor(value) : NAN;
}

static void write_text(struct json_write *w, const struct probe *probe, enum rule_target target, const char *name,
                       const char *value)
{
    if (probe->has[target])
        json_add_str(w, name, value[0] ? value : NULL);
}

void probe_write(const struct probe *probe, struct buf *ret)
{
    static const char *const names[] = {
#define X(symbol, field) field,
        RULE_NUMBERS(X)
#undef X
    };
    struct json_write w = json_write_to(ret);
    json_open(&w, '{');
    json_add_str(&w, "status", status_of(probe));
    for (size_t i = 0; i < RULE_NUMBER_COUNT; i++)
        if (probe->has[i])
            json_add_number(&w, names[i], as_field((enum rule_target)i, probe->numbers[i]));
    write_text(&w, probe, TO_MODEL, "model_loaded", probe->model);
    write_text(&w, probe, TO_VERSION, "version", probe->version);
    if (probe->stall_limit > 0)
        json_add_int(&w, "stall_ms", probe->stall_limit);
    json_open_member(&w, "metrics", '{');
    for (size_t i = 0; i < probe->metric_count; i++)
        json_add_number(&w, probe->metrics[i].name, probe->metrics[i].value);
    json_close(&w, '}');
    json_close(&w, '}');
}
