/* prometheus.h - the text format of Prometheus and OpenMetrics, one sample after the other. Pure. */
#ifndef SKEP_PROBE_PROMETHEUS_H
#define SKEP_PROBE_PROMETHEUS_H

#include "text.h"

/* Borrowed from the document. */
struct prometheus_sample {
    struct text name;
    struct text labels; /* between the braces, as written; empty = none */
    double value;       /* finite */
};

/* The next sample of a document, of which *rest is what is left; false at its end. Comments, lines that cannot be read
 * and values that are no numbers (NaN, +Inf) are skipped: what is absent is unknown, never 0. */
bool prometheus_next(struct text *rest, struct prometheus_sample *ret);

/* `selector` is NAME or NAME{LABEL="VALUE",...}. The name is matched whole, where `:` in the selector stands for `_`
 * too, as exporters write it; the sample has each of the labels, in any order, and may have more. */
bool prometheus_matches(const struct prometheus_sample *sample, struct text selector);

/* ERR_SYNTAX, with a sentence, where nothing could ever match. */
enum err prometheus_selector_check(struct text selector, struct errbuf *e);

#endif
