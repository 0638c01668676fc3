#include "retained.h"

static void drop(struct retained_store *store, struct retained *retained)
{
    HASH_DELETE(hh, store->by_topic, retained);
    packet_free(store->packets, retained->packet);
}

void retained_clear(struct retained_store *store)
{
    struct retained *retained, *after;
    HASH_ITER(hh, store->by_topic, retained, after)
    {
        drop(store, retained);
    }
}

static struct retained *find(const struct retained_store *store, const char *topic)
{
    struct retained *found;
    HASH_FIND_STR(store->by_topic, topic, found);
    return found;
}

static struct retained *add(struct retained_store *store, const char *topic)
{
    struct retained *retained = sim_alloc(store->packets->arena, sizeof *retained);
    topic = sim_copy(store->packets->arena, topic);
    HASH_ADD_KEYPTR(hh, store->by_topic, topic, strlen(topic), retained);
    return retained;
}

void retained_put(struct retained_store *store, const struct publish *publish, ms_t expires_at)
{
    struct retained *retained = find(store, publish->topic);
    struct packet *older = retained ? retained->packet : NULL;
    if (publish->payload.len == 0) {
        if (retained)
            drop(store, retained);
        return;
    }
    if (!retained)
        retained = add(store, publish->topic);
    retained->packet = packet_copy(store->packets, &(struct packet){ .publish = *publish });
    retained->publish = retained->packet->publish;
    retained->expires_at = publish->expiry_s ? expires_at : MS_NEVER;
    packet_free(store->packets, older);
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
