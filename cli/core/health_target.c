#include "health_target.h"

#include <stdio.h>
#include <strings.h>

#include "address.h"
#include "worker_ref.h"

enum err health_target_set_hive(struct health_target *target, const char *hive, struct errbuf *e)
{
    enum err err = name_copy(text_of(hive), "hive", target->hive, e);
    snprintf(target->service_id, sizeof target->service_id, "worker/%s/%s", target->hive, target->id);
    return err;
}

static enum err parse_worker(const char *word, struct health_target *ret, struct errbuf *e)
{
    struct worker_ref ref;
    enum err err = worker_ref_parse(word, &ref, e);
    if (err != OK)
        return err;
    memcpy(ret->id, ref.worker, sizeof ret->id);
    ret->hive_given = ref.hive[0] != '\0';
    return health_target_set_hive(ret, ret->hive_given ? ref.hive : "default", e);
}

static bool is_url(const char *word)
{
    return strncasecmp(word, "http://", 7) == 0 || strncasecmp(word, "https://", 8) == 0;
}

enum err health_target_parse(const char *word, struct health_target *ret, struct errbuf *e)
{
    static const char *const kinds[] = { [TARGET_QUEEN] = "queen", [TARGET_HIVE] = "hive", [TARGET_WORKER] = "worker" };
    struct health_target target = { .kind = TARGET_URL, .url = word };
    struct text rest = text_of(word);
    struct text kind = text_split(&rest, '/');
    enum err err = OK;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (rest.at && text_is(kind, kinds[i]))
            target.kind = (enum target_kind)i;
    snprintf(target.service_id, sizeof target.service_id, "%s", target.kind != TARGET_URL ? word : "");
    if (target.kind == TARGET_WORKER)
        err = parse_worker(rest.at, &target, e);
    else if (target.kind != TARGET_URL)
        err = name_copy(rest, kinds[target.kind], target.id, e);
    else if (!is_url(word))
        err = err_set(e, ERR_SYNTAX, "%s: must be queen/ID, hive/ID, worker/ID, worker/HIVE/ID or a URL",
                      address_shown(word));
    if (err == OK)
        *ret = target;
    return err;
}

enum err health_target_topic(const struct health_target *target, const char *root, char ret[TOPIC_SIZE])
{
    static const enum topic_kind kinds[] = {
        [TARGET_QUEEN] = TOPIC_QUEEN_REQUEST, [TARGET_HIVE] = TOPIC_HIVE_REQUEST, [TARGET_WORKER] = TOPIC_WORKER_REQUEST
    };
    struct text id = text_of(target->id);
    struct topic topic = { .kind = kinds[target->kind], .method = TEXT("health"), .queen = id, .worker = id };
    topic.hive = target->kind == TARGET_HIVE ? id : text_of(target->hive);
    return topic_build(root, &topic, ret);
}
