#include "wire.h"

static size_t size_of(struct text t)
{
    return t.at ? t.len + 1 : 0;
}

size_t publish_size(const struct publish *publish)
{
    return size_of(text_of(publish->topic)) + size_of(publish->payload) + size_of(text_of(publish->content_type)) +
           size_of(text_of(publish->response_topic)) + size_of(publish->correlation);
}

/* Section 3.3 of the standard: fixed header, length of the topic, packet id, length of the properties; an identifier
 * and a length, or a value, for each property. */
#define PACKET_OVERHEAD (5 + 2 + 2 + 4)
#define PROPERTIES_OVERHEAD (2 + 5 + 3 * 3)

size_t publish_packet_size(const struct publish *publish)
{
    return PACKET_OVERHEAD + PROPERTIES_OVERHEAD + publish_size(publish);
}

static struct text keep(char **at, struct text t)
{
    struct text kept = { t.at ? *at : NULL, t.len };
    if (!t.at)
        return kept;
    *(char *)mempcpy(*at, t.at, t.len) = '\0';
    *at += t.len + 1;
    return kept;
}

struct publish publish_copy(const struct publish *publish, char *at)
{
    struct publish copy = *publish;
    copy.topic = keep(&at, text_of(publish->topic)).at;
    copy.payload = keep(&at, publish->payload);
    copy.content_type = keep(&at, text_of(publish->content_type)).at;
    copy.response_topic = keep(&at, text_of(publish->response_topic)).at;
    copy.correlation = keep(&at, publish->correlation);
    return copy;
}
