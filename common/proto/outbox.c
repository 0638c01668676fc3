#include "outbox.h"

#include <stdarg.h>
#include <stdio.h>

static void forget_effects(struct outbox *outbox)
{
    outbox->first = NULL;
    outbox->end = &outbox->first;
    outbox->failed = false;
}

void outbox_init(struct outbox *outbox)
{
    arena_init(&outbox->arena, 0);
    forget_effects(outbox);
}

void outbox_clear(struct outbox *outbox)
{
    arena_clear(&outbox->arena);
    forget_effects(outbox);
}

void outbox_reset(struct outbox *outbox)
{
    arena_reset(&outbox->arena);
    forget_effects(outbox);
}

static struct text keep_text(struct outbox *outbox, struct text t)
{
    if (!t.at)
        return t;
    t.at = arena_copy(&outbox->arena, t);
    if (!t.at)
        outbox->failed = true;
    return t;
}

static const char *keep_str(struct outbox *outbox, const char *terminated)
{
    return keep_text(outbox, text_of(terminated)).at;
}

static void PRINTF_LIKE(3, 0) keep_format(struct outbox *outbox, struct text *ret, const char *format, va_list args)
{
    va_list measured;
    va_copy(measured, args);
    int len = vsnprintf(NULL, 0, format, measured);
    va_end(measured);

    char *at = len < 0 ? NULL : arena_alloc(&outbox->arena, (size_t)len + 1);
    if (!at) {
        outbox->failed = true;
        return;
    }
    vsnprintf(at, (size_t)len + 1, format, args);
    *ret = (struct text){ at, (size_t)len };
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
    *outbox->end = added;
    outbox->end = &added->next;
}

static struct publish keep_publish(struct outbox *outbox, const struct publish *publish)
{
    struct publish kept = *publish;
    kept.topic = keep_str(outbox, publish->topic);
    kept.payload = keep_text(outbox, publish->payload);
    kept.content_type = keep_str(outbox, publish->content_type);
    kept.response_topic = keep_str(outbox, publish->response_topic);
    kept.correlation = keep_text(outbox, publish->correlation);
    return kept;
}

void outbox_publish(struct outbox *outbox, const struct publish *publish)
{
    struct effect effect = { .kind = EFFECT_PUBLISH, .publish = keep_publish(outbox, publish) };
    outbox_add(outbox, &effect);
}

void outbox_connect(struct outbox *outbox, const struct publish *will)
{
    struct effect effect = { .kind = EFFECT_CONNECT };
    if (will)
        effect.publish = keep_publish(outbox, will);
    outbox_add(outbox, &effect);
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

void outbox_notice(struct outbox *outbox, const char *format, ...)
{
    struct effect effect = { .kind = EFFECT_NOTICE };
    va_list args;
    va_start(args, format);
    keep_format(outbox, &effect.text, format, args);
    va_end(args);
    outbox_add(outbox, &effect);
}

void outbox_http_get(struct outbox *outbox, const char *url, uint64_t token, ms_t timeout)
{
    struct effect effect = { .kind = EFFECT_HTTP_GET, .http_get = { keep_str(outbox, url), token, timeout } };
    outbox_add(outbox, &effect);
}

void outbox_exit(struct outbox *outbox, int code, const char *format, ...)
{
    struct effect effect = { .kind = EFFECT_EXIT, .code = code };
    va_list args;
    va_start(args, format);
    keep_format(outbox, &effect.text, format, args);
    va_end(args);
    outbox_add(outbox, &effect);
}
