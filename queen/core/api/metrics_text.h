/* metrics_text.h - metrics as text: that of Prometheus (0.0.4) and OpenMetrics 1.0. Pure.
 *
 * What a label holds may come from anybody: characters that could harm a reader or a terminal (control characters, line
 * ends, bidi controls) are written as %XX, each byte of them, and a % that would read as such an escape, too: so two
 * values never become one, and decoding a URL gives the value back. */
#ifndef SKEP_METRICS_TEXT_H
#define SKEP_METRICS_TEXT_H

#include "metrics.h"

enum metrics_format { METRICS_PROMETHEUS, METRICS_OPENMETRICS };

/* By the field `Accept` of the request (NULL: none): OpenMetrics 1.0 where it is preferred to text, else text. */
enum metrics_format metrics_format_of(const char *accept);
const char *metrics_content_type(enum metrics_format format);

struct metrics_text {
    struct buf *buf; /* borrowed */
    enum metrics_format format;
};

/* The lines before the samples of a metric; a sample; those of a histogram of microseconds, in seconds; the end. */
void metrics_text_head(const struct metrics_text *text, const struct metric *metric);
void metrics_text_sample(const struct metrics_text *text, const struct metric *metric,
                         const struct metric_sample *sample);
void metrics_text_histogram(const struct metrics_text *text, const struct metric *metric,
                            const struct histogram *histogram);
void metrics_text_end(const struct metrics_text *text);

/* A value without what could harm, as above. */
void metrics_text_harmless(struct buf *buf, struct text value);

#endif
