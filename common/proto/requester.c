#include "requester.h"

#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "json.h"
#include "msg.h"

#define TAG_SHIFT 56

enum phase {
    PHASE_SENT,  /* its PUBACK is due */
    PHASE_ACKED, /* its reply is due */
    PHASE_PAUSE, /* no subscriber: to be sent again */
    PHASE_AGAIN, /* as PHASE_SENT, the second time */
    PHASE_LATE   /* given up; a reply is still taken */
};

void requester_init(struct requester *requester, const char *reply_topic, struct siphash_key key, uint8_t tag)
{
    *requester = (struct requester){ .reply_topic = reply_topic, .key = key, .tag = tag };
}

void requester_clear(struct requester *requester)
{
    struct pending *pending, *after;
    HASH_ITER(hh, requester->open, pending, after)
    {
        requester_cancel(requester, pending);
    }
    heap_clear(&requester->deadlines);
    *requester = (struct requester){ 0 };
}

static void correlation_make(struct requester *requester, uint64_t ret[2])
{
    uint64_t input[2] = { ++requester->counter, 0 };
    ret[0] = siphash(&requester->key, input, sizeof input);
    input[1] = 1;
    ret[1] = siphash(&requester->key, input, sizeof input);
}

static void correlation_write(const uint64_t correlation[2], char ret[CORRELATION_SIZE])
{
    hex64_to_text(correlation[0], ret);
    hex64_to_text(correlation[1], ret + HEX64_SIZE - 1);
}

static uint64_t token_of(const struct requester *requester, uint64_t first_half)
{
    return (uint64_t)requester->tag << TAG_SHIFT | first_half >> (64 - TAG_SHIFT);
}

static struct pending *find(const struct requester *requester, uint64_t token)
{
    struct pending *pending;
    HASH_FIND(hh, requester->open, &token, sizeof token, pending);
    return pending;
}

static struct pending *match(const struct requester *requester, struct text correlation)
{
    struct pending *pending;
    uint64_t half[2];
    if (correlation.len != CORRELATION_SIZE - 1 ||
        text_to_hex64((struct text){ correlation.at, HEX64_SIZE - 1 }, &half[0]) != OK ||
        text_to_hex64((struct text){ correlation.at + HEX64_SIZE - 1, HEX64_SIZE - 1 }, &half[1]) != OK)
        return NULL;
    pending = find(requester, token_of(requester, half[0]));
    return pending && memcmp(pending->correlation, half, sizeof half) == 0 ? pending : NULL;
}

/* Room was made with the request. */
static void wait_until(struct requester *requester, struct pending *pending, enum phase phase, ms_t at)
{
    pending->phase = phase;
    if (at == MS_NEVER)
        heap_remove(&requester->deadlines, &pending->due);
    else
        (void)heap_put(&requester->deadlines, &pending->due, at);
}

void requester_cancel(struct requester *requester, struct pending *pending)
{
    if (!pending->token)
        return;
    HASH_DELETE(hh, requester->open, pending);
    heap_remove(&requester->deadlines, &pending->due);
    free(pending->copy);
    *pending = (struct pending){ .subject = pending->subject };
}

void requester_stop_waiting(struct requester *requester, struct pending *pending)
{
    if (pending->token)
        wait_until(requester, pending, PHASE_LATE, MS_NEVER);
}

bool requester_is_waiting(const struct pending *pending)
{
    return pending->token && pending->phase != PHASE_LATE;
}

static void answer_fill(struct pending *pending, enum answer_kind kind, ms_t now, struct answer *ret)
{
    *ret = (struct answer){ .pending = pending,
                            .subject = pending->subject,
                            .kind = kind,
                            .late = pending->phase == PHASE_LATE,
                            .took = ms_max(now - pending->requested_at, 0) };
}

static void end(struct requester *requester, struct pending *pending, enum answer_kind kind, ms_t now,
                struct answer *ret)
{
    answer_fill(pending, kind, now, ret);
    requester_cancel(requester, pending);
}

static void publish(const struct requester *requester, const struct pending *pending, const char *topic,
                    struct text payload, ms_t now, struct outbox *outbox)
{
    ms_t left = pending->deadline != MS_NEVER ? pending->deadline - now : pending->reply_timeout;
    char correlation[CORRELATION_SIZE];
    correlation_write(pending->correlation, correlation);
    outbox_publish(outbox, &(struct publish){ .topic = topic,
                                              .payload = payload,
                                              .qos = 1,
                                              .urgent = true,
                                              .expiry_s = (uint32_t)((ms_max(left, 1) + 999) / 1000),
                                              .content_type = "application/json",
                                              .response_topic = requester->reply_topic,
                                              .correlation = text_of(correlation),
                                              .token = pending->token,
                                              .party = pending->party });
}

static char *copy_of(const struct question *question, struct text payload)
{
    char *copy;
    return asprintf(&copy, "%s%c%.*s", question->topic, '\0', (int)payload.len, payload.at) < 0 ? NULL : copy;
}

enum err requester_send(struct requester *requester, struct pending *pending, const struct question *question, ms_t now,
                        struct outbox *outbox)
{
    struct text payload = question->payload.at ? question->payload : TEXT("");
    struct pending new = { .subject = pending->subject,
                           .party = question->party,
                           .requested_at = now,
                           .deadline = question->deadline,
                           .reply_timeout = question->reply_timeout,
                           .retry_after = question->retry_after,
                           .late = question->late,
                           .reads = question->reads ? question->reads : MSG_MAX_BYTES };
    requester_cancel(requester, pending);
    if (heap_reserve(&requester->deadlines, HASH_COUNT(requester->open) + 1) != OK ||
        (question->retry && !(new.copy = copy_of(question, payload))))
        return ERR_NOMEM;
    correlation_make(requester, new.correlation);
    new.token = token_of(requester, new.correlation[0]);
    *pending = new;
    HASH_ADD(hh, requester->open, token, sizeof pending->token, pending);
    if (!pending->hh.tbl) {
        free(pending->copy);
        *pending = (struct pending){ .subject = pending->subject };
        return ERR_NOMEM;
    }
    wait_until(requester, pending, PHASE_SENT, pending->deadline);
    publish(requester, pending, question->topic, payload, now, outbox);
    return OK;
}

static void wait_for_reply(struct requester *requester, struct pending *pending, ms_t now)
{
    ms_t until = pending->reply_timeout ? now + pending->reply_timeout : MS_NEVER;
    wait_until(requester, pending, PHASE_ACKED, ms_min(until, pending->deadline));
}

bool requester_acked(struct requester *requester, uint64_t token, uint8_t reason, ms_t now, struct answer *ret)
{
    struct pending *pending = find(requester, token);
    if (!pending || (pending->phase != PHASE_SENT && pending->phase != PHASE_AGAIN))
        return false;
    if (reason == MQTT_NO_SUBSCRIBER && pending->copy && pending->phase == PHASE_SENT) {
        wait_until(requester, pending, PHASE_PAUSE, ms_min(now + pending->retry_after, pending->deadline));
        return false;
    }
    wait_for_reply(requester, pending, now);
    if (reason != MQTT_NO_SUBSCRIBER && reason < MQTT_FAILED)
        return false;
    end(requester, pending, reason == MQTT_NO_SUBSCRIBER ? ANSWER_NO_SUBSCRIBER : ANSWER_REFUSED, now, ret);
    ret->reason = reason;
    return true;
}

/* Exactly one of the two members; whoever answers with an error in a form of its own has answered. */
static enum answer_kind reply_read(struct text payload, size_t max, struct arena *arena, struct answer *ret)
{
    struct cJSON *tree;
    if (payload.len > max || json_parse(arena, payload, &tree, NULL) != OK || !cJSON_IsObject(tree))
        return ANSWER_GARBLED;
    const struct cJSON *error = json_member(tree, "error");
    const char *code = json_string(json_member(error, "code"));
    const char *message = json_string(json_member(error, "message"));
    const struct cJSON *result = cJSON_GetObjectItemCaseSensitive(tree, "result");
    if (error ? json_member(tree, "result") != NULL : result == NULL)
        return ANSWER_GARBLED;
    if (!error) {
        ret->result = result;
        return ANSWER_RESULT;
    }
    ret->code = code ? code : "no code";
    ret->message = message ? message : "";
    return ANSWER_ERROR;
}

bool requester_reply(const struct requester *requester, struct text correlation, struct text payload, ms_t now,
                     struct arena *arena, struct answer *ret)
{
    struct pending *pending = match(requester, correlation);
    if (!pending || pending->replies >= REQUESTER_REPLIES)
        return false;
    pending->replies++;
    answer_fill(pending, ANSWER_GARBLED, now, ret);
    ret->kind = reply_read(payload, pending->reads, arena, ret);
    return true;
}

bool requester_replied(struct requester *requester, struct text correlation, struct text payload, ms_t now,
                       struct arena *arena, struct answer *ret)
{
    if (!requester_reply(requester, correlation, payload, now, arena, ret))
        return false;
    requester_cancel(requester, ret->pending);
    return true;
}

static void send_again(struct requester *requester, struct pending *pending, ms_t now, struct outbox *outbox)
{
    const char *topic = pending->copy;
    wait_until(requester, pending, PHASE_AGAIN, pending->deadline);
    publish(requester, pending, topic, text_of(topic + strlen(topic) + 1), now, outbox);
}

static void give_up(struct requester *requester, struct pending *pending, ms_t now, struct answer *ret)
{
    if (!pending->late) {
        end(requester, pending, ANSWER_NO_REPLY, now, ret);
        return;
    }
    answer_fill(pending, ANSWER_NO_REPLY, now, ret);
    wait_until(requester, pending, PHASE_LATE, now + pending->late);
}

bool requester_due(struct requester *requester, ms_t now, struct outbox *outbox, struct answer *ret)
{
    struct heap_item *top = heap_top(&requester->deadlines);
    struct pending *pending;
    if (!top || top->at > now)
        return false;
    pending = CONTAINER_OF(top, struct pending, due);
    *ret = (struct answer){ 0 };
    if (pending->phase == PHASE_LATE)
        requester_cancel(requester, pending);
    else if (pending->phase == PHASE_PAUSE && now < pending->deadline)
        send_again(requester, pending, now, outbox);
    else
        give_up(requester, pending, now, ret);
    return true;
}

bool requester_lost(struct requester *requester, ms_t now, struct answer *ret)
{
    while (requester->open) {
        struct pending *pending = requester->open;
        if (requester_is_waiting(pending)) {
            end(requester, pending, ANSWER_LINK_LOST, now, ret);
            return true;
        }
        requester_cancel(requester, pending);
    }
    return false;
}

ms_t requester_deadline(const struct requester *requester)
{
    const struct heap_item *first = heap_top(&requester->deadlines);
    return first ? first->at : MS_NEVER;
}
