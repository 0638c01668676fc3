#include "outbox.h"

void outbox_clear(struct outbox *outbox)
{
    arena_clear(&outbox->arena);
    *outbox = (struct outbox){ 0 };
}

void outbox_reset(struct outbox *outbox)
{
    arena_reset(&outbox->arena);
    outbox->first = outbox->last = NULL;
    outbox->failed = false;
}

bool outbox_fits(const struct outbox *outbox, const struct publish *publish)
{
    return outbox->packet_max == 0 || publish_packet_size(publish) <= outbox->packet_max;
}

static const char *keep_str(struct outbox *outbox, const char *terminated)
{
    const char *kept = arena_copy(&outbox->arena, text_of(terminated));
    outbox->failed |= !kept;
    return kept;
}

/* Appends the effect unless a copy of what it points to could not be made. */
static void outbox_add(struct outbox *outbox, const struct effect *effect)
{
    struct effect *added = outbox->failed ? NULL : arena_alloc(&outbox->arena, sizeof *added);
    if (!added) {
        outbox->failed = true;
        return;
    }
    *added = *effect;
    *(outbox->first ? &outbox->last->next : &outbox->first) = added;
    outbox->last = added;
}

static void add_publish(struct outbox *outbox, enum effect_kind kind, const struct publish *publish)
{
    struct effect effect = { .kind = kind };
    char *at = arena_alloc(&outbox->arena, publish_size(publish));
    if (at)
        effect.publish = publish_copy(publish, at);
    outbox->failed |= !at;
    outbox_add(outbox, &effect);
}

void outbox_publish(struct outbox *outbox, const struct publish *publish)
{
    add_publish(outbox, EFFECT_PUBLISH, publish);
}

void outbox_connect(struct outbox *outbox, const struct publish *will)
{
    add_publish(outbox, EFFECT_CONNECT, will ? will : &(struct publish){ 0 });
}

void outbox_reconnect(struct outbox *outbox)
{
    outbox_add(outbox, &(struct effect){ .kind = EFFECT_RECONNECT });
}

void outbox_disconnect(struct outbox *outbox)
{
    outbox_add(outbox, &(struct effect){ .kind = EFFECT_DISCONNECT });
}

void outbox_subscribe(struct outbox *outbox, const struct subscribe *subscribe)
{
    struct effect effect = { .kind = EFFECT_SUBSCRIBE, .subscribe = *subscribe };
    effect.subscribe.filter = keep_str(outbox, subscribe->filter);
    outbox_add(outbox, &effect);
}

void outbox_unsubscribe(struct outbox *outbox, const char *filter)
{
    struct effect effect = { .kind = EFFECT_UNSUBSCRIBE, .subscribe.filter = keep_str(outbox, filter) };
    outbox_add(outbox, &effect);
}

static void PRINTF_LIKE(3, 0)
    add_sentence(struct outbox *outbox, struct effect effect, const char *format, va_list args)
{
    effect.text = text_of(arena_vprintf(&outbox->arena, format, args));
    outbox->failed |= !effect.text.at;
    outbox_add(outbox, &effect);
}

void outbox_notice(struct outbox *outbox, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_sentence(outbox, (struct effect){ .kind = EFFECT_NOTICE }, format, args);
    va_end(args);
}

void outbox_notice_always(struct outbox *outbox, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_sentence(outbox, (struct effect){ .kind = EFFECT_NOTICE, .is_rare = true }, format, args);
    va_end(args);
}

void outbox_http_get(struct outbox *outbox, const char *url, uint64_t token, ms_t timeout)
{
    struct effect effect = { .kind = EFFECT_HTTP_GET, .http_get = { keep_str(outbox, url), token, timeout } };
    outbox_add(outbox, &effect);
}

void outbox_exit(struct outbox *outbox, int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_sentence(outbox, (struct effect){ .kind = EFFECT_EXIT, .code = code }, format, args);
    va_end(args);
}
