#include "health.h"

DEFINE_NAMES(health_status_name, enum health_status, HEALTH_STATUSES, "fail")

int health_http_status(enum health_status status)
{
    return status == HEALTH_PASS || status == HEALTH_WARN ? 200 : 503;
}

static void put_member(struct json_write *w, const char *key, const char *value)
{
    if (value)
        json_add_str(w, key, value);
}

void health_open(struct json_write *w, enum health_status status, const char *version, const char *service_id,
                 const char *description, const struct health_holder *holder)
{
    json_open(w, '{');
    put_member(w, "status", health_status_name(status));
    put_member(w, "version", version);
    put_member(w, "serviceId", service_id);
    put_member(w, "description", description);
    if (holder) {
        json_add_hex64(w, "session", holder->session);
        json_add_int(w, "pid", holder->pid);
        json_add_int(w, "held_ms", holder->held_ms);
    }
    json_open_member(w, "checks", '{');
}

/* `text` NULL: it is the number. */
static void check(struct json_write *w, const char *name, const char *text, int64_t value, const char *unit,
                  enum health_status status)
{
    json_open_member(w, name, '[');
    json_open(w, '{');
    if (text)
        json_add_str(w, "observedValue", text);
    else
        json_add_int(w, "observedValue", value);
    put_member(w, "observedUnit", unit);
    put_member(w, "status", health_status_name(status));
    json_close(w, '}');
    json_close(w, ']');
}

void health_check_int(struct json_write *w, const char *name, int64_t value, const char *unit,
                      enum health_status status)
{
    check(w, name, NULL, value, unit, status);
}

void health_check_str(struct json_write *w, const char *name, const char *value, enum health_status status)
{
    check(w, name, value, 0, NULL, status);
}

void health_close(struct json_write *w)
{
    json_close(w, '}');
    json_close(w, '}');
}
