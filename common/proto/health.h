/* health.h - the health document (IETF draft-inadarei-api-health-check-06, application/health+json). Pure. */
#ifndef SKEP_HEALTH_H
#define SKEP_HEALTH_H

#include "json_write.h"

#define HEALTH_CONTENT_TYPE "application/health+json"

#define HEALTH_STATUSES(X) \
    X(PASS, "pass")        \
    X(WARN, "warn")        \
    X(FAIL, "fail")
#define X(symbol, name) HEALTH_##symbol,
enum health_status { HEALTH_STATUSES(X) HEALTH_STATUS_COUNT };
#undef X

const char *health_status_name(enum health_status status);
int health_http_status(enum health_status status); /* 200 for pass and warn, 503 for fail */

/* The process that answers, of those that hold an id (claim.h). */
struct health_holder {
    uint64_t session;
    uint32_t pid;
    ms_t held_ms;
};

/* Writes the members up to and including `"checks":{`; the caller adds checks and calls health_close. `holder` may be
 * NULL, and so may all text but `service_id`. */
void health_open(struct json_write *w, enum health_status status, const char *version, const char *service_id,
                 const char *description, const struct health_holder *holder);
/* One check: "name":[{"observedValue":value,"observedUnit":unit,"status":...}]; unit NULL is left out. */
void health_check_int(struct json_write *w, const char *name, int64_t value, const char *unit,
                      enum health_status status);
void health_check_str(struct json_write *w, const char *name, const char *value, enum health_status status);
void health_close(struct json_write *w);

#endif
