#include "metrics_text.h"

#include <stdio.h>
#include <strings.h>

#include "json_write.h"

#define TEXT_TYPE "text/plain"
#define TEXT_VERSION "0.0.4"
#define OPEN_TYPE "application/openmetrics-text"
#define OPEN_VERSION "1.0.0"
#define QUALITY_ALL 1000 /* q=1 */
#define BOUND_SIZE 24

/* Thousandths of `0.75`; one that is none counts as the least that is not nothing. */
static int read_quality(struct text t)
{
    int quality = t.len > 0 && t.at[0] == '1' ? QUALITY_ALL : 0, unit = 100;
    if (t.len == 0 || t.len > 5 || (t.at[0] != '0' && t.at[0] != '1') || (t.len > 1 && t.at[1] != '.'))
        return 1;
    for (size_t i = 2; i < t.len; i++, unit /= 10) {
        if (t.at[i] < '0' || t.at[i] > '9')
            return 1;
        quality += (t.at[i] - '0') * unit;
    }
    return quality < QUALITY_ALL ? quality : QUALITY_ALL;
}

static bool is_word(struct text t, const char *word)
{
    return t.len == strlen(word) && strncasecmp(t.at, word, t.len) == 0;
}

/* How much a range of types is wanted, if it has that type, and that version where it has any. */
static int quality_of(struct text range, const char *type, const char *version)
{
    struct text rest = range;
    bool has = is_word(text_trim(text_split(&rest, ';')), type);
    int quality = QUALITY_ALL;
    while (has && rest.at) {
        struct text value = text_split(&rest, ';'), name = text_trim(text_split(&value, '='));
        if (is_word(name, "q"))
            quality = read_quality(text_trim(value.at ? value : TEXT("")));
        else if (is_word(name, "version"))
            has = value.at && text_is(text_trim(value), version);
    }
    return has ? quality : 0;
}

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

enum metrics_format metrics_format_of(const char *accept)
{
    struct text rest = text_of(accept);
    int open = 0, text = 0;
    while (rest.at) {
        struct text range = text_split(&rest, ',');
        open = max_of(open, quality_of(range, OPEN_TYPE, OPEN_VERSION));
        text = max_of(text, quality_of(range, TEXT_TYPE, TEXT_VERSION));
    }
    return open > 0 && open >= text ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}

const char *metrics_content_type(enum metrics_format format)
{
    return format == METRICS_OPENMETRICS ? OPEN_TYPE "; version=" OPEN_VERSION "; charset=utf-8"
                                         : TEXT_TYPE "; version=" TEXT_VERSION "; charset=utf-8";
}

/* OpenMetrics calls a counter by its name without the end that its samples have. */
static struct text family_of(const struct metrics_text *text, const struct metric *metric)
{
    struct text name = text_of(metric->name);
    if (text->format == METRICS_OPENMETRICS && metric->type == METRIC_COUNTER)
        name.len -= strlen("_total");
    return name;
}

static void put_line(const struct metrics_text *text, const char *keyword, const struct metric *metric,
                     const char *value)
{
    buf_add_str(text->buf, keyword);
    buf_add_text(text->buf, family_of(text, metric));
    buf_add_char(text->buf, ' ');
    buf_add_str(text->buf, value);
    buf_add_char(text->buf, '\n');
}

void metrics_text_head(const struct metrics_text *text, const struct metric *metric)
{
    put_line(text, "# HELP ", metric, metric->help);
    put_line(text, "# TYPE ", metric, metric_type_name(metric->type));
    if (text->format == METRICS_OPENMETRICS && metric->unit)
        put_line(text, "# UNIT ", metric, metric->unit);
}

static bool is_plain(char c)
{
    return (unsigned char)c >= ' ' && (unsigned char)c < 0x7F && c != '%' && c != '"' && c != '\\';
}

static bool reads_as_escape(struct text t)
{
    return t.at[0] == '%' && t.len > 2 && text_hex_digit(t.at[1]) >= 0 && text_hex_digit(t.at[2]) >= 0;
}

/* One character, which `t` begins with. Returns the bytes it took. */
static size_t put_special(struct buf *buf, struct text t, bool quoted)
{
    uint32_t code = 0;
    size_t len = text_character(t, &code), took = len > 0 ? len : 1;
    bool harms = len == 0 || text_is_harmful(code) || reads_as_escape(t);
    if (!harms && quoted && (t.at[0] == '"' || t.at[0] == '\\'))
        buf_add_char(buf, '\\');
    for (size_t i = 0; harms && i < took; i++)
        buf_printf(buf, "%%%02X", (unsigned char)t.at[i]);
    if (!harms)
        buf_add(buf, t.at, took);
    return took;
}

static void put_value(struct buf *buf, struct text t, bool quoted)
{
    for (size_t at = 0; at < t.len;) {
        size_t first = at;
        while (at < t.len && is_plain(t.at[at]))
            at++;
        buf_add(buf, t.at + first, at - first);
        if (at < t.len)
            at += put_special(buf, (struct text){ t.at + at, t.len - at }, quoted);
    }
}

void metrics_text_harmless(struct buf *buf, struct text value)
{
    put_value(buf, value, false);
}

static void put_label(struct buf *buf, const char *before, const char *name, struct text value)
{
    buf_add_str(buf, before);
    buf_add_str(buf, name);
    buf_add(buf, "=\"", 2);
    put_value(buf, value, true);
    buf_add_char(buf, '"');
}

static void put_number(struct buf *buf, double value)
{
    struct json_write w = json_write_to(buf);
    buf_add_char(buf, ' ');
    json_put_number(&w, value);
    buf_add_char(buf, '\n');
}

void metrics_text_sample(const struct metrics_text *text, const struct metric *metric,
                         const struct metric_sample *sample)
{
    struct buf *buf = text->buf;
    buf_add_str(buf, metric->name);
    for (size_t i = 0; i < METRIC_LABELS && metric->labels[i]; i++)
        put_label(buf, i == 0 ? "{" : ",", metric->labels[i], text_of(sample->labels[i]));
    if (metric->labels[0])
        buf_add_char(buf, '}');
    put_number(buf, sample->value);
}

static void put_part(struct buf *buf, const struct metric *metric, const char *part, const char *bound, double value)
{
    buf_add_str(buf, metric->name);
    buf_add_str(buf, part);
    if (bound) {
        put_label(buf, "{", "le", text_of(bound));
        buf_add_char(buf, '}');
    }
    put_number(buf, value);
}

/* Seconds, all below 1: so both formats have the same text. */
static void print_bound(int64_t us, char ret[BOUND_SIZE])
{
    int len = snprintf(ret, BOUND_SIZE, "0.%06d", (int)us);
    while (ret[len - 1] == '0')
        ret[--len] = '\0';
}

void metrics_text_histogram(const struct metrics_text *text, const struct metric *metric,
                            const struct histogram *histogram)
{
    uint64_t count = 0;
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        char bound[BOUND_SIZE] = "+Inf";
        if (i < HISTOGRAM_BOUNDS)
            print_bound(histogram_bounds[i], bound);
        count += histogram->buckets[i];
        put_part(text->buf, metric, "_bucket", bound, (double)count);
    }
    put_part(text->buf, metric, "_sum", NULL, (double)histogram->sum / 1e6);
    put_part(text->buf, metric, "_count", NULL, (double)count);
}

void metrics_text_end(const struct metrics_text *text)
{
    if (text->format == METRICS_OPENMETRICS)
        buf_add_str(text->buf, "# EOF\n");
}
