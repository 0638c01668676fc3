#include "world_peer.h"

#include "fuzz.h"
#include "json.h"
#include "topic.h"

#define PAYLOAD_MAX (2 * 1024 * 1024)
#define COPIES_MAX 256 /* that one subscription brings */

static void forget(struct peer *peer, size_t at)
{
    free(peer->open[at].copy);
    peer->open_count--;
    memmove(&peer->open[at], &peer->open[at + 1], (peer->open_count - at) * sizeof peer->open[0]);
}

void peer_init(struct peer *peer, void (*step)(void *user, struct input *input), void *user)
{
    *peer = (struct peer){ .step = step, .user = user };
    peer->packets.arena = &peer->arena;
    peer->stored.packets = &peer->packets;
}

static void forget_all(struct peer *peer)
{
    while (peer->open_count > 0)
        forget(peer, peer->open_count - 1);
}

void peer_clear(struct peer *peer)
{
    forget_all(peer);
    retained_clear(&peer->stored);
    arena_clear(&peer->arena);
}

static void store(struct peer *peer, const struct publish *publish)
{
    retained_put(&peer->stored, publish, peer->now + (ms_t)publish->expiry_s * 1000);
}

/* NULL: none. */
static void set_will(struct peer *peer, const struct publish *will)
{
    packet_free(&peer->packets, peer->will);
    peer->will = will ? packet_copy(&peer->packets, &(struct packet){ .publish = *will }) : NULL;
}

static void publish_will(struct peer *peer)
{
    if (peer->will)
        store(peer, &peer->will->publish);
    set_will(peer, NULL);
}

/* The oldest one makes room, unless it is a GET, which is always answered. */
static void keep(struct peer *peer, const struct peer_open *open)
{
    size_t at = 0;
    if (peer->open_count == PEER_OPEN_MAX) {
        while (at + 1 < PEER_OPEN_MAX && peer->open[at].kind == EFFECT_HTTP_GET)
            at++;
        forget(peer, at);
    }
    peer->open[peer->open_count++] = *open;
}

static void check_json(struct text text)
{
    const struct json_value *value;
    struct arena arena;
    struct errbuf e = { 0 };
    arena = (struct arena){ 0 };
    require(json_scan(&arena, text, &value, &e) == OK);
    arena_clear(&arena);
}

static void check_publish(const struct publish *publish)
{
    struct text topic = text_of(publish->topic);
    struct topic parsed;
    require(topic_parse(PEER_ROOT, topic, &parsed) == OK);
    require(publish->payload.len <= PAYLOAD_MAX && publish->qos <= 1);
    require(!publish->response_topic || topic_is_reply(PEER_ROOT, text_of(publish->response_topic)));
    if (publish->payload.len > 0)
        check_json(publish->payload);
    else
        require(publish->retain || publish->response_topic); /* it clears a topic, or asks without parameters */
}

static void check_sentence(struct text text)
{
    require(text_is_utf8(text) && !text_has_control(text));
}

static void keep_publish(struct peer *peer, const struct publish *publish)
{
    struct peer_open open = { .kind = EFFECT_PUBLISH, .token = publish->token };
    peer->published++;
    if (publish->retain)
        store(peer, publish);
    if (!publish->token)
        return;
    open.copy = malloc(publish_size(publish));
    require(open.copy);
    open.publish = publish_copy(publish, open.copy);
    keep(peer, &open);
}

static void keep_subscribe(struct peer *peer, const struct subscribe *subscribe)
{
    struct peer_open open = { .kind = EFFECT_SUBSCRIBE,
                              .token = subscribe->token,
                              .takes_stored = subscribe->retain_handling != RETAIN_NEVER };
    open.copy = strdup(subscribe->filter);
    require(open.copy);
    keep(peer, &open);
}

static void take(struct peer *peer, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        if (effect->publish.topic)
            check_publish(&effect->publish);
        set_will(peer, effect->publish.topic ? &effect->publish : NULL);
        if (peer->connects_itself && peer->link == PEER_DOWN)
            peer->link = PEER_CONNECTING;
        break;
    case EFFECT_RECONNECT:
        peer->renews = true;
        break;
    case EFFECT_DISCONNECT:
        peer->link = PEER_LEFT;
        set_will(peer, NULL);
        break;
    case EFFECT_PUBLISH:
        check_publish(&effect->publish);
        keep_publish(peer, &effect->publish);
        break;
    case EFFECT_SUBSCRIBE:
        keep_subscribe(peer, &effect->subscribe);
        break;
    case EFFECT_HTTP_GET:
        keep(peer, &(struct peer_open){ .kind = EFFECT_HTTP_GET, .token = effect->http_get.token });
        break;
    case EFFECT_NOTICE:
        check_sentence(effect->text);
        break;
    case EFFECT_EXIT:
        check_sentence(effect->text);
        peer->has_ended = true;
        peer->exit_code = effect->code;
        break;
    case EFFECT_UNSUBSCRIBE:
        break;
    }
}

void peer_take(struct peer *peer, struct outbox *outbox)
{
    for (const struct effect *effect = outbox->first; effect; effect = effect->next)
        take(peer, effect);
    outbox_reset(outbox);
}

static void step(struct peer *peer, struct input input)
{
    if (!peer->has_ended)
        peer->step(peer->user, &input);
}

/* What comes from the broker begins with this. */
static void step_packet(struct peer *peer, struct input input)
{
    step(peer, (struct input){ .kind = INPUT_PACKET });
    step(peer, input);
}

static void link_down(struct peer *peer)
{
    if (peer->link != PEER_UP)
        return;
    for (size_t i = peer->open_count; i-- > 0;)
        if (peer->open[i].kind == EFFECT_SUBSCRIBE)
            forget(peer, i);
    peer->link = PEER_DOWN;
    peer->renews = false;
    publish_will(peer);
    step(peer, (struct input){ .kind = INPUT_LINK_DOWN, .why = "the link was lost" });
}

void peer_restart(struct peer *peer)
{
    forget_all(peer);
    if (peer->link == PEER_UP)
        publish_will(peer);
    peer->link = PEER_DOWN;
    peer->renews = peer->has_ended = false;
}

static void link_connecting(struct peer *peer)
{
    if (peer->link != PEER_DOWN || peer->connects_itself)
        return;
    peer->link = PEER_CONNECTING;
    step(peer, (struct input){ .kind = INPUT_CONNECTING });
}

static void link_made(struct peer *peer, bool up, const struct link_facts *facts)
{
    link_connecting(peer);
    if (peer->link != PEER_CONNECTING)
        return;
    peer->link = up ? PEER_UP : PEER_DOWN;
    step(peer, (struct input){ .kind = up ? INPUT_LINK_UP : INPUT_LINK_FAILED,
                               .why = up ? NULL : "nobody is there",
                               .facts = facts });
}

static void run_up(struct peer *peer, struct text line)
{
    struct link_facts facts = { 0 };
    int64_t lacks;
    facts.packet_max = (uint32_t)script_number(script_part(&line), 0, UINT32_MAX);
    facts.receive_max = (uint16_t)script_number(script_part(&line), 0, UINT16_MAX);
    facts.connect_ms = script_number(script_part(&line), 0, 100000);
    lacks = script_number(script_part(&line), 0, 7);
    facts.no_retain = lacks & 1;
    facts.no_wildcards = lacks & 2;
    facts.qos0_only = lacks & 4;
    link_made(peer, true, &facts);
}

static void message(struct peer *peer, const struct message *message)
{
    if (peer->link == PEER_UP)
        step_packet(peer, (struct input){ .kind = INPUT_MESSAGE, .message = message });
}

static bool is_stored(struct text topic)
{
    struct topic parsed;
    return topic_parse(PEER_ROOT, topic, &parsed) == OK && parsed.kind <= TOPIC_QUEEN_SINCE;
}

/* Whatever the core subscribes to. */
static void store_message(struct peer *peer, const struct message *message)
{
    if (is_stored(message->topic))
        store(peer, &(struct publish){ .topic = arena_copy(&peer->arena, message->topic),
                                       .payload = message->payload,
                                       .retain = true,
                                       .expiry_s = message->expiry_s });
}

static void run_message(struct peer *peer, const struct script_record *record)
{
    struct text line = record->line;
    struct message received = { .payload = record->payload, .retain = record->kind == 'S' };
    int64_t expiry;
    received.topic = script_part(&line);
    received.response_topic = script_part(&line);
    received.correlation = script_part(&line);
    expiry = script_number(script_part(&line), -1, UINT32_MAX);
    received.has_expiry = expiry >= 0;
    received.expiry_s = received.has_expiry ? (uint32_t)expiry : 0;
    if (received.response_topic.len == 0)
        received.response_topic = (struct text){ 0 };
    if (received.correlation.len == 0)
        received.correlation = (struct text){ 0 };
    store_message(peer, &received);
    message(peer, &received);
}

/* The Nth latest of these kinds (0: EFFECT_PUBLISH alone); SIZE_MAX: none. */
static size_t find(const struct peer *peer, int64_t which, enum effect_kind kind, bool is_request)
{
    for (size_t i = peer->open_count; i-- > 0;) {
        const struct peer_open *open = &peer->open[i];
        bool fits = is_request ? open->kind == EFFECT_PUBLISH && open->publish.response_topic : open->kind == kind;
        if (fits && which-- == 0)
            return i;
    }
    return SIZE_MAX;
}

static struct packet *copy_of(struct peer *peer, const struct retained *stored)
{
    struct packet *copy = packet_copy(&peer->packets, stored->packet);
    copy->publish.retain = true;
    if (stored->expires_at != MS_NEVER)
        copy->publish.expiry_s = (uint32_t)((stored->expires_at - peer->now + 999) / 1000);
    return copy;
}

/* Those that it matches now; what comes of them may change them. */
static void hand_over(struct peer *peer, const char *filter)
{
    struct packet *copies[COPIES_MAX];
    const struct retained *stored;
    size_t count = 0;
    for (stored = peer->stored.by_topic; stored && count < COPIES_MAX; stored = stored->hh.next)
        if (stored->expires_at > peer->now && filter_matches(filter, stored->publish.topic))
            copies[count++] = copy_of(peer, stored);
    for (size_t i = 0; i < count; i++) {
        struct message copy = packet_message(&copies[i]->publish);
        message(peer, &copy);
        packet_free(&peer->packets, copies[i]);
    }
}

static void acknowledge(struct peer *peer, size_t at, uint8_t reason)
{
    struct peer_open open = peer->open[at];
    if (peer->link != PEER_UP || open.kind == EFFECT_HTTP_GET)
        return;
    peer->open[at].copy = NULL;
    forget(peer, at);
    if (open.takes_stored && reason < MQTT_FAILED)
        hand_over(peer, open.copy);
    if (open.token)
        step_packet(peer, (struct input){ .kind = open.kind == EFFECT_SUBSCRIBE ? INPUT_SUBSCRIBED : INPUT_ACKED,
                                          .token = open.token,
                                          .reason = reason });
    free(open.copy);
}

static void run_ack(struct peer *peer, const struct script_record *record)
{
    struct text line = record->line;
    size_t which = (size_t)script_number(script_part(&line), 0, PEER_OPEN_MAX);
    uint8_t reason = (uint8_t)script_number(script_part(&line), 0, 255);
    if (which < peer->open_count)
        acknowledge(peer, peer->open_count - 1 - which, reason);
}

/* The copy outlives the step, which may let go of it. */
static void come_back(struct peer *peer, size_t at)
{
    struct peer_open open = peer->open[at];
    char *copy = malloc(publish_size(&open.publish));
    struct publish publish;
    require(copy);
    publish = publish_copy(&open.publish, copy);
    message(peer, &(struct message){ .topic = text_of(publish.topic),
                                     .payload = publish.payload,
                                     .correlation = publish.correlation,
                                     .response_topic = text_of(publish.response_topic) });
    free(copy);
}

static void run_echo(struct peer *peer, const struct script_record *record)
{
    size_t at = find(peer, script_number(record->line, 0, PEER_OPEN_MAX), EFFECT_PUBLISH, false);
    if (at != SIZE_MAX)
        come_back(peer, at);
}

/* The value of `nonce` in a request: 16 digits. */
static struct text nonce_of(struct text payload)
{
    const char *member = "\"nonce\":\"";
    const char *at = payload.len ? memmem(payload.at, payload.len, member, strlen(member)) : NULL;
    size_t left = at ? payload.len - (size_t)(at - payload.at) - strlen(member) : 0;
    return left >= HEX64_SIZE - 1 ? (struct text){ at + strlen(member), HEX64_SIZE - 1 } : TEXT("");
}

static void run_reply(struct peer *peer, const struct script_record *record)
{
    size_t at = find(peer, script_number(record->line, 0, PEER_OPEN_MAX), EFFECT_PUBLISH, true);
    char topic[TOPIC_SIZE], correlation[64];
    struct buf payload = BUF_INIT;
    struct text rest = record->payload;
    const struct publish *request;
    struct message reply = { .topic = { topic, 0 }, .correlation = { correlation, 0 } };
    if (at == SIZE_MAX)
        return;
    request = &peer->open[at].publish;
    require(request->correlation.len <= sizeof correlation && strlen(request->response_topic) < TOPIC_SIZE);
    reply.topic.len = strlen(request->response_topic);
    memcpy(topic, request->response_topic, reply.topic.len);
    reply.correlation.len = request->correlation.len;
    memcpy(correlation, request->correlation.at, reply.correlation.len);
    while (rest.len > 0)
        if (text_skip(&rest, TEXT("%n")))
            buf_add_text(&payload, nonce_of(request->payload));
        else
            buf_add_char(&payload, *rest.at++), rest.len--;
    reply.payload = buf_text(&payload);
    message(peer, &reply);
    buf_clear(&payload);
}

static void answer_get(struct peer *peer, size_t at, int status, struct text body)
{
    uint64_t token = peer->open[at].token;
    struct http_answer answer = { .status = status, .body = body, .fault = status ? NULL : "nobody is there" };
    forget(peer, at);
    step(peer, (struct input){ .kind = INPUT_HTTP_ANSWERED, .token = token, .answer = &answer });
}

static void run_get(struct peer *peer, const struct script_record *record)
{
    struct text line = record->line;
    size_t at = find(peer, script_number(script_part(&line), 0, PEER_OPEN_MAX), EFFECT_HTTP_GET, false);
    int status = (int)script_number(script_part(&line), 200, 999);
    if (at != SIZE_MAX)
        answer_get(peer, at, status, status ? record->payload : TEXT(""));
}

void peer_refuse_gets(struct peer *peer)
{
    size_t at;
    while (!peer->has_ended && (at = find(peer, 0, EFFECT_HTTP_GET, false)) != SIZE_MAX)
        answer_get(peer, at, 0, TEXT(""));
}

static void serve(struct peer *peer, size_t at)
{
    const struct peer_open *open = &peer->open[at];
    bool is_request = open->kind == EFFECT_PUBLISH && open->publish.response_topic;
    if (open->kind == EFFECT_PUBLISH && peer->own_reply_topic &&
        strcmp(open->publish.topic, peer->own_reply_topic) == 0)
        come_back(peer, at);
    if (at < peer->open_count)
        acknowledge(peer, at, is_request ? MQTT_NO_SUBSCRIBER : 0);
}

bool peer_serve(struct peer *peer)
{
    size_t count = peer->open_count, at = 0;
    bool serves = peer->link != PEER_UP;
    if (peer->renews)
        link_down(peer);
    link_made(peer, true, NULL);
    for (; peer->link == PEER_UP && count > 0 && at < peer->open_count && !peer->has_ended; count--) {
        if (peer->open[at].kind == EFFECT_HTTP_GET) {
            at++;
            continue;
        }
        serve(peer, at);
        serves = true;
    }
    return serves;
}

bool peer_run(struct peer *peer, const struct script_record *record)
{
    switch (record->kind) {
    case 'C':
        link_connecting(peer);
        return true;
    case 'U':
        run_up(peer, record->line);
        return true;
    case 'L':
        link_made(peer, false, NULL);
        return true;
    case 'D':
        if (script_number(record->line, 0, 1) == 1)
            set_will(peer, NULL);
        link_down(peer);
        return true;
    case 'M':
    case 'S':
        run_message(peer, record);
        return true;
    case 'A':
        run_ack(peer, record);
        return true;
    case 'R':
        run_reply(peer, record);
        return true;
    case 'E':
        run_echo(peer, record);
        return true;
    case 'G':
        run_get(peer, record);
        return true;
    case 'B':
        (void)peer_serve(peer);
        return true;
    case 'K':
        step(peer, (struct input){ .kind = INPUT_STOP });
        return true;
    default:
        return false;
    }
}
