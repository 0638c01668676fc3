/* metrics_page.h - GET /metrics, slice by slice (slices.h): the queen's own metrics, those of hives and models, and on
 * request those of workers.
 *
 * The last two parts have --metrics-max-series in all: where workers would exceed that they are left out, all of them,
 * and hives and models if those alone do. */
#ifndef SKEP_METRICS_PAGE_H
#define SKEP_METRICS_PAGE_H

#include "metrics_text.h"
#include "slices.h"

/* ERR_NOMEM. */
enum err metrics_page_new(struct queen *queen, enum metrics_format format, bool workers, struct listing **ret);

#endif
