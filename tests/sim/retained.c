#include "retained.h"

void retained_clear(struct retained_store *store)
{
    HASH_CLEAR(hh, store->by_topic);
}

static struct retained *find(const struct retained_store *store, const char *topic)
{
    struct retained *found;
    HASH_FIND_STR(store->by_topic, topic, found);
    return found;
}

static struct retained *add(struct retained_store *store, const char *topic)
{
    struct retained *retained = sim_alloc(store->arena, sizeof *retained);
    HASH_ADD_KEYPTR(hh, store->by_topic, topic, strlen(topic), retained);
    return retained;
}

void retained_put(struct retained_store *store, const struct publish *publish, ms_t expires_at)
{
    struct packet *copy = packet_copy(store->arena, &(struct packet){ .publish = *publish });
    struct retained *retained = find(store, publish->topic);
    if (publish->payload.len == 0) {
        if (retained)
            HASH_DELETE(hh, store->by_topic, retained);
        return;
    }
    if (!retained)
        retained = add(store, copy->publish.topic);
    retained->publish = copy->publish;
    retained->expires_at = publish->expiry_s ? expires_at : MS_NEVER;
}

const struct retained *retained_find(const struct retained_store *store, const char *topic, ms_t now)
{
    const struct retained *retained = find(store, topic);
    return retained && retained->expires_at > now ? retained : NULL;
}

void retained_copy(const struct retained_store *store, struct retained_store *ret)
{
    const struct retained *retained;
    for (retained = store->by_topic; retained; retained = retained->hh.next)
        retained_put(ret, &retained->publish, retained->expires_at);
}

bool filter_matches(const char *filter, const char *topic)
{
    if (topic[0] == '$' && filter[0] != '$')
        return false;
    for (;;) {
        size_t level = strcspn(topic, "/"), want = strcspn(filter, "/");
        bool any = want == 1 && filter[0] == '+';
        if (strcmp(filter, "#") == 0)
            return true;
        if (!any && (want != level || strncmp(filter, topic, level) != 0))
            return false;
        if (!topic[level])
            return !filter[want] || strcmp(filter + want, "/#") == 0;
        if (!filter[want])
            return false;
        topic += level + 1;
        filter += want + 1;
    }
}
