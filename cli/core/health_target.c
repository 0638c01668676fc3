#include "health_target.h"

#include <stdio.h>
#include <strings.h>

#include "address.h"

enum err health_target_set_hive(struct health_target *target, const char *hive, struct errbuf *e)
{
    enum err err = name_copy(text_of(hive), "hive", target->hive, e);
    snprintf(target->service_id, sizeof target->service_id, "worker/%s/%s", target->hive, target->id);
    return err;
}

static enum err parse_worker(struct text rest, struct health_target *ret, struct errbuf *e)
{
    struct text first = text_split(&rest, '/');
    enum err err = name_copy(rest.at ? rest : first, "worker", ret->id, e);
    char hive[NAME_SIZE] = "default";
    ret->hive_given = rest.at != NULL;
    if (err == OK && ret->hive_given)
        err = name_copy(first, "hive", hive, e);
    return err == OK ? health_target_set_hive(ret, hive, e) : err;
}

static enum err parse_daemon(struct text kind, struct text id, struct health_target *ret, struct errbuf *e)
{
    enum err err = name_copy(id, ret->kind == TARGET_QUEEN ? "queen" : "hive", ret->id, e);
    snprintf(ret->service_id, sizeof ret->service_id, "%.*s/%s", (int)kind.len, kind.at, ret->id);
    return err;
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
    if (target.kind == TARGET_WORKER)
        err = parse_worker(rest, &target, e);
    else if (target.kind != TARGET_URL)
        err = parse_daemon(kind, rest, &target, e);
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
    struct topic topic = { .kind = kinds[target->kind], .method = TEXT("health") };
    if (target->kind == TARGET_QUEEN)
        topic.queen = id;
    else
        topic.hive = target->kind == TARGET_HIVE ? id : text_of(target->hive);
    if (target->kind == TARGET_WORKER)
        topic.worker = id;
    return topic_build(root, &topic, ret);
}
