#include "health_answer.h"

#include <cjson/cJSON.h>

#include "buf.h"
#include "json.h"
#include "msg.h"

static bool status_of(const char *name, enum health_status *ret)
{
    for (int i = 0; name && i < HEALTH_STATUS_COUNT; i++) {
        if (strcmp(name, health_status_name((enum health_status)i)) == 0) {
            *ret = (enum health_status)i;
            return true;
        }
    }
    return false;
}

static void add_check(struct buf *ret, const struct cJSON *check)
{
    const struct cJSON *first = cJSON_IsArray(check) ? check->child : NULL;
    const char *status = json_string(json_member(first, "status"));
    const char *text = json_string(json_member(first, "observedValue"));
    double number;
    if (!status || strcmp(status, "pass") == 0)
        return;
    buf_printf(ret, "%s%s", ret->len > 0 ? ", " : "", check->string);
    if (text)
        buf_printf(ret, " %s", text);
    else if (json_number(json_member(first, "observedValue"), &number))
        buf_printf(ret, " %.15g", number);
}

static void read_checks(const struct cJSON *checks, char *ret, size_t size)
{
    auto_clear(buf) text = BUF_INIT;
    const struct cJSON *check = cJSON_IsObject(checks) ? checks->child : NULL;
    for (; check; check = check->next)
        add_check(&text, check);
    text_to_printable(buf_text(&text), ret, size); /* empty where there was no memory */
}

enum err health_answer_read(const struct cJSON *document, const char *service_id, struct health_answer *ret,
                            struct errbuf *e)
{
    struct health_answer answer = { .pid = INT_ABSENT };
    const char *service = json_string(json_member(document, "serviceId"));
    const char *description = json_string(json_member(document, "description"));
    char shown[96];
    double pid;
    if (!status_of(json_string(json_member(document, "status")), &answer.status))
        return err_set(e, ERR_TYPE, "the answer is no health document");
    if (*service_id && (!service || strcmp(service, service_id) != 0)) {
        text_to_printable(text_of(service ? service : "an unknown service"), shown, sizeof shown);
        return err_set(e, ERR_MISMATCH, "%s answered, not %s", shown, service_id);
    }
    text_to_printable(text_of(description ? description : ""), answer.description, sizeof answer.description);
    read_checks(json_member(document, "checks"), answer.checks, sizeof answer.checks);
    if (json_number(json_member(document, "pid"), &pid) && pid > 0 && pid <= INT32_MAX)
        answer.pid = (int64_t)pid;
    *ret = answer;
    return OK;
}

enum err health_answer_parse(struct arena *arena, struct text body, const char *service_id, struct health_answer *ret,
                             struct errbuf *e)
{
    struct cJSON *tree;
    if (json_parse(arena, body, &tree, NULL) != OK)
        return err_set(e, ERR_TYPE, "the answer is no health document");
    return health_answer_read(tree, service_id, ret, e);
}
