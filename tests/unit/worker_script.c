#include "worker_script.h"

void script_init(struct script *s, ms_t interval)
{
    struct skep_worker_options options = { .root = "skep/v1",
                                           .hive = "h",
                                           .worker = "w",
                                           .session = SCRIPT_SESSION,
                                           .interval_ms = (uint32_t)interval,
                                           .reconnect_max_ms = 30000,
                                           .retain_s = 86400 };
    *s = (struct script){ .now = 100000 };
    facts_init(&s->facts);
    s->outbox = (struct outbox){ 0 };
    assert_int_equal(worker_new(&options, 7, &s->facts, &s->worker), OK);
}

void script_clear(struct script *s)
{
    worker_free(s->worker);
    outbox_clear(&s->outbox);
    buf_clear(&s->trace);
}

struct worker_view script_view(const struct script *s)
{
    struct worker_view view;
    worker_view_fill(s->worker, &view);
    return view;
}

static void trace_document(struct script *s, const struct publish *p)
{
    struct presence presence;
    struct heartbeat heartbeat;
    struct arena arena;
    arena = (struct arena){ 0 };
    if (strcmp(p->topic, PRESENCE_TOPIC) == 0) {
        assert_int_equal(presence_decode(&arena, p->payload, &presence, NULL), OK);
        assert_true(presence.session == SCRIPT_SESSION && p->retain && p->qos == 1);
        buf_printf(&s->trace, "%s c%d", presence_state_name(presence.presence), (int)presence.connection);
        if (presence.cause >= 0)
            buf_printf(&s->trace, " %s", death_cause_name(presence.cause));
        if (presence.exit.known)
            buf_printf(&s->trace, " %d %s", (int)presence.exit.code, presence.exit.signal);
        if (!presence.rpc)
            buf_add_str(&s->trace, " no-rpc");
    } else if (strcmp(p->topic, HEARTBEAT_TOPIC) == 0) {
        assert_int_equal(heartbeat_decode(&arena, p->payload, &heartbeat, NULL), OK);
        assert_true(heartbeat.session == SCRIPT_SESSION && p->retain && p->qos == 1 && p->expiry_s > 0);
        buf_printf(&s->trace, "beat %d c%d %s", (int)heartbeat.seq, (int)heartbeat.connection, heartbeat.status);
        if (heartbeat.truncated == 1)
            buf_printf(&s->trace, " truncated%s", heartbeat.labels ? " labels" : "");
        else if (heartbeat.metrics)
            buf_add_str(&s->trace, " whole");
    } else {
        buf_printf(&s->trace, "to %s %.*s %.*s", p->topic, (int)p->correlation.len,
                   p->correlation.at ? p->correlation.at : "", (int)p->payload.len, p->payload.at);
    }
    arena_clear(&arena);
}

static void trace_effect(struct script *s, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        buf_add_str(&s->trace, "connect, will ");
        trace_document(s, &effect->publish);
        break;
    case EFFECT_PUBLISH:
        trace_document(s, &effect->publish);
        break;
    case EFFECT_SUBSCRIBE:
        buf_printf(&s->trace, "subscribe %s rh%d", effect->subscribe.filter, effect->subscribe.retain_handling);
        break;
    case EFFECT_UNSUBSCRIBE:
        buf_printf(&s->trace, "unsubscribe %s", effect->subscribe.filter);
        break;
    case EFFECT_DISCONNECT:
        buf_add_str(&s->trace, "disconnect");
        break;
    case EFFECT_EXIT:
        buf_printf(&s->trace, "exit %d", effect->code);
        break;
    default:
        buf_printf(&s->trace, "notice %.*s", (int)effect->text.len, effect->text.at);
    }
    buf_add_char(&s->trace, '\n');
}

static void trace_reset(struct script *s)
{
    outbox_reset(&s->outbox);
    buf_reset(&s->trace);
}

static void trace_effects(struct script *s)
{
    assert_false(s->outbox.failed);
    for (const struct effect *effect = s->outbox.first; effect; effect = effect->next)
        trace_effect(s, effect);
}

void feed(struct script *s, struct input input)
{
    input.now = s->now;
    input.wall = SCRIPT_WALL;
    trace_reset(s);
    worker_step(s->worker, &input, &s->outbox);
    trace_effects(s);
}

void take(struct script *s, struct worker_input input)
{
    input.now = s->now;
    input.wall = SCRIPT_WALL;
    trace_reset(s);
    worker_take(s->worker, &input, &s->outbox);
    trace_effects(s);
}

void expect(struct script *s, const char *trace)
{
    assert_string_equal(buf_str(&s->trace), trace);
}

void tick(struct script *s)
{
    feed(s, (struct input){ .kind = INPUT_TICK });
}

ms_t pass(struct script *s)
{
    ms_t before = s->now, due = worker_deadline(s->worker);
    assert_true(due != MS_NEVER);
    s->now = ms_max(before, due);
    tick(s);
    return s->now - before;
}

void tell(struct script *s)
{
    take(s, (struct worker_input){ .facts = &s->facts });
}

void set_status(struct script *s, const char *status)
{
    assert_int_equal(facts_set_text(&s->facts, "status", text_of(status), NULL), OK);
    tell(s);
}

void message(struct script *s, const char *topic, const char *payload, bool retain)
{
    feed(s, (struct input){ .kind = INPUT_MESSAGE,
                            .message = &(struct message){ .topic = text_of(topic),
                                                          .payload = text_of(payload),
                                                          .retain = retain,
                                                          .response_topic = TEXT(REPLY_TOPIC),
                                                          .correlation = TEXT("c1") } });
}

void ack(struct script *s, uint64_t token, uint8_t reason)
{
    feed(s, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

void up(struct script *s)
{
    feed(s, (struct input){ .kind = INPUT_LINK_UP });
}

void down(struct script *s, enum input_kind kind)
{
    feed(s, (struct input){ .kind = kind, .why = "reset" });
}

void leave(struct script *s, const struct exit_info *exit, ms_t timeout)
{
    take(s, (struct worker_input){ .leave = true, .exit = exit, .timeout = timeout });
}

void script_online(struct script *s, ms_t interval)
{
    script_init(s, interval);
    tick(s);
    up(s);
    ack(s, BIRTH, 0);
    ack(s, HEARTBEAT, 0);
}
