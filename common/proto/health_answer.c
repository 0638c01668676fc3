#include "health_answer.h"

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
