#include "rule.h"

#include <math.h>

#include "json_pointer.h"
#include "msg_fields.h"
#include "prometheus.h"

static void find_nothing(size_t count, struct found *ret)
{
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct found){ .number = NAN };
}

static void add(const struct rule *rule, double value, struct found *found)
{
    if (isnan(found->number))
        found->number = value;
    else if (!rule->takes_greatest)
        found->number += value;
    else
        found->number = fmax(found->number, value);
}

void rules_read_prometheus(const struct rule *rules, size_t count, struct text body, struct found *ret)
{
    struct prometheus_sample sample;
    find_nothing(count, ret);
    while (prometheus_next(&body, &sample))
        for (size_t i = 0; i < count; i++)
            if (prometheus_matches(&sample, text_of(rules[i].source)))
                add(&rules[i], sample.value, &ret[i]);
}

static double count_entries(const struct json_value *container)
{
    double count = 0;
    JSON_EACH(value, container)
    {
        (void)value;
        count++;
    }
    return count;
}

static struct found found_in(const struct json_value *value)
{
    struct found found = { .number = NAN };
    if (!value)
        return found;
    if (value->type == JSON_STRING)
        found.text = value->string;
    else if (value->type == JSON_NUMBER)
        found.number = value->number;
    else if (value->type == JSON_TRUE || value->type == JSON_FALSE)
        found.number = value->type == JSON_TRUE;
    else
        found.number = count_entries(value);
    return found;
}

enum err rules_read_json(const struct rule *rules, size_t count, struct text body, struct arena *arena,
                         struct found *ret, struct errbuf *e)
{
    const struct json_value *document;
    enum err err;
    find_nothing(count, ret);
    if ((err = json_scan_foreign(arena, body, &document, e)) != OK)
        return err;
    for (size_t i = 0; i < count; i++)
        ret[i] = found_in(json_pointer_find(document, text_of(rules[i].source)));
    return OK;
}

static const struct {
    const char *name;
    enum rule_target target;
} fields[] = {
#define X(symbol, field) { field, symbol },
    RULE_NUMBERS(X) RULE_TEXTS(X)
#undef X
};

static enum err parse_field(struct text field, bool is_json, struct arena *arena, struct rule *ret, struct errbuf *e)
{
    struct text metric = field;
    if (text_skip(&metric, TEXT("metrics."))) {
        if (metric.len == 0 || metric.len > MSG_KEY_MAX || text_has_control(metric) || !text_is_utf8(metric))
            return err_set(e, ERR_SYNTAX, "the name of a metric has 1 to %d bytes", MSG_KEY_MAX);
        ret->target = TO_METRIC;
        return (ret->metric = arena_copy(arena, metric)) ? OK : err_set(e, ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (!text_is(field, fields[i].name))
            continue;
        if (!is_json && fields[i].target > RULE_BEFORE_TEXTS)
            return err_set(e, ERR_SYNTAX, "a metric is a number, and no text");
        ret->target = fields[i].target;
        return OK;
    }
    return err_set(e, ERR_UNKNOWN, "not a field that a probe reports; one of them is queue_depth, or metrics.NAME");
}

enum err rule_parse(struct text word, bool is_json, struct arena *arena, struct rule *ret, struct errbuf *e)
{
    struct text source = word;
    struct text field = text_split(&source, '=');
    struct rule rule = { 0 };
    enum err err;
    if (!source.at)
        return err_set(e, ERR_SYNTAX, "must be FIELD=%s", is_json ? "POINTER" : "METRIC");
    if ((err = parse_field(field, is_json, arena, &rule, e)) != OK ||
        (err = is_json ? json_pointer_check(source, e) : prometheus_selector_check(source, e)) != OK)
        return err;
    if (!(rule.source = arena_copy(arena, source)))
        return err_set(e, ERR_NOMEM, "out of memory");
    *ret = rule;
    return OK;
}
