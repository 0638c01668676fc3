/* targets.h - GET /v1/sd: what Prometheus may scrape, as its HTTP service discovery reads it, slice by slice
 * (slices.h).
 *
 * The queen itself, at the address by which it was requested; and endpoints of workers or hives, which name themselves:
 * only those at addresses in the networks of --sd-endpoints, since whoever scrapes sends its credentials there. */
#ifndef SKEP_TARGETS_H
#define SKEP_TARGETS_H

#include "selection.h"
#include "slices.h"

/* A bit each. */
enum target_kind { TARGET_QUEEN = 1, TARGET_WORKER = 2, TARGET_HIVE = 4 };

/* By a query: `kind`, and of workers the filters of a list. ERR_UNKNOWN, ERR_RANGE with a sentence. The texts of the
 * selection are borrowed from the query. */
struct targets_wanted {
    unsigned kinds;
    struct selection selection;
};
enum err targets_parse(const struct query *query, struct targets_wanted *ret, struct errbuf *e);

/* `host`: of the request, NULL = none. Copied, as the texts are. ERR_NOMEM. */
enum err targets_new(const struct targets_wanted *wanted, const char *host, struct listing **ret);

#endif
