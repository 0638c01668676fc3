#include "member.h"

#include "codec.h"

#define CLAIM_TAG 0xFF

static bool is_token(uint64_t token, enum member_token which)
{
    return token == member_token(which);
}

static const struct role *role_of(const struct member *member)
{
    return member->topics.role;
}

static void self_init(struct presence *self, const struct member_options *options)
{
    presence_init(self);
    self->worker_id = options->worker;
    self->hive_id = options->hive;
    self->queen_id = options->queen;
    self->session = options->session;
    self->connection = 0;
    self->retain_s = options->retain_s > 0 ? options->retain_s : MEMBER_RETAIN_S;
}

enum err member_init(struct member *member, const struct member_options *options)
{
    enum err err;
    *member = (struct member){ .topics = { .role = role_find(options->role),
                                           .root = options->root,
                                           .ids = { .hive = text_of(options->hive),
                                                    .worker = text_of(options->worker),
                                                    .queen = text_of(options->queen) } },
                               .birth_sent = MS_NEVER,
                               .beat_sent = MS_NEVER,
                               .again_at = MS_NEVER,
                               .heal_at = MS_NEVER,
                               .healed_at = MS_NEVER,
                               .leave_by = MS_NEVER };
    address_of(options->hive, options->worker, options->queen, member->address);
    member->topics.ids.client = text_of(member->address);
    self_init(&member->self, options);
    if ((err = member_topic(&member->topics, role_of(member)->presence, NULL, member->presence_topic)) != OK ||
        (err = member_topic(&member->topics, role_of(member)->request, "health", member->health_topic)) != OK ||
        (err = member_topic(&member->topics, TOPIC_REPLY, NULL, member->reply_topic)) != OK)
        return err;
    claim_init(&member->claim, &(struct claim_options){ .noun = role_of(member)->noun,
                                                        .id = options->queen ? options->queen : options->hive,
                                                        .health_topic = member->health_topic,
                                                        .presence_topic = member->presence_topic,
                                                        .reply_topic = member->reply_topic,
                                                        .session = options->session,
                                                        .key = options->key,
                                                        .tag = CLAIM_TAG,
                                                        .keep_alive = options->keep_alive });
    return OK;
}

void member_clear(struct member *member)
{
    claim_clear(&member->claim);
    buf_clear(&member->scratch);
}

/* Written into the scratch buffer. */
static struct publish own_presence(struct member *member, enum presence_state state, int cause, ms_t wall,
                                   const struct exit_info *exit, struct outbox *outbox)
{
    struct presence presence = member->self;
    presence.presence = (int8_t)state;
    presence.cause = (int8_t)cause;
    presence.timestamp = wall;
    presence.rpc = !member->is_deaf;
    if (state == PRESENCE_ONLINE)
        presence.connect_ms = link_speed_declare(&member->speed);
    else
        presence.retain_s = INT_ABSENT;
    if (exit)
        presence.exit = *exit;
    buf_reset(&member->scratch);
    presence_encode(&presence, &member->scratch);
    outbox->failed |= !buf_ok(&member->scratch);
    return (struct publish){ .topic = member->presence_topic,
                             .payload = buf_text(&member->scratch),
                             .qos = 1,
                             .retain = true,
                             .content_type = "application/json" };
}

static void publish_birth(struct member *member, const struct input *input, struct outbox *outbox)
{
    struct publish birth = own_presence(member, PRESENCE_ONLINE, -1, input->wall, NULL, outbox);
    birth.urgent = true; /* before what an earlier connection has left to be sent */
    birth.expiry_s = (uint32_t)member->self.retain_s;
    birth.token = member_token(MEMBER_TOKEN_BIRTH);
    outbox_publish(outbox, &birth);
    member->again_at = input->now + member->self.retain_s * 1000 / 2;
    if (member->birth_sent == MS_NEVER)
        member->birth_sent = input->now;
}

void member_beat(struct member *member, ms_t now)
{
    if (member->unacked++ == 0)
        member->beat_sent = now;
}

static void connecting(struct member *member, const struct input *input, struct outbox *outbox)
{
    struct publish will;
    member->unacked = 0;
    member->birth_sent = member->beat_sent = MS_NEVER;
    member->checking = role_of(member)->is_claimed && member->claim.held_since == MS_NEVER && !member->is_free;
    member->is_free = false;
    if (member->checking) {
        outbox_connect(outbox, NULL);
        return;
    }
    member->self.connection++;
    member->is_deaf = false;
    will = own_presence(member, PRESENCE_STALE, DEATH_CONNECTION_LOST, input->wall, NULL, outbox);
    outbox_connect(outbox, &will);
}

static void stop_reading_replies(struct member *member, struct outbox *outbox)
{
    if (member->linked && !claim_is_open(&member->claim))
        member_topics_read_replies(&member->topics, false, outbox);
}

void member_unsubscribe(struct member *member, struct outbox *outbox)
{
    member_topics_unsubscribe(&member->topics, member->checking, outbox);
}

/* A goodbye counts only for the current incarnation, so even one that leaves is born first. */
static enum member_event up(struct member *member, const struct input *input, struct outbox *outbox)
{
    member->is_connected = true;
    link_speed_connected(&member->speed, input->facts);
    outbox->packet_max = input->facts ? input->facts->packet_max : 0;
    member->topics.reads_replies = member->checking || role_of(member)->requests;
    if (member->leave_by == MS_NEVER)
        member_topics_subscribe(&member->topics, member->checking, outbox);
    if (member->checking) {
        claim_check(&member->claim, input->now, outbox);
        return MEMBER_NOTHING;
    }
    member->linked = true;
    publish_birth(member, input, outbox);
    if (member->claim.held_since == MS_NEVER)
        member->claim.held_since = input->now;
    return MEMBER_BORN;
}

static void down(struct member *member)
{
    member->is_connected = member->linked = member->is_online = member->rpc_subscribed = false;
    member->heal_at = member->again_at = MS_NEVER;
    claim_link_lost(&member->claim);
}

static void heal_soon(struct member *member, ms_t now)
{
    if (member->heal_at == MS_NEVER)
        member->heal_at = member->healed_at == MS_NEVER ? now : ms_max(now, member->healed_at + MEMBER_HEAL_EVERY_MS);
}

static enum member_event conclude(struct member *member, enum claim_verdict verdict, ms_t now, struct outbox *outbox)
{
    switch (verdict) {
    case CLAIM_OPEN:
        break;
    case CLAIM_FREE:
        member->checking = member->is_connected = false;
        member->is_free = true;
        outbox_reconnect(outbox);
        break;
    case CLAIM_KEPT:
        heal_soon(member, now);
        break;
    case CLAIM_LOST:
        down(member);
        outbox_disconnect(outbox);
        return MEMBER_REFUSED;
    }
    stop_reading_replies(member, outbox);
    return MEMBER_NOTHING;
}

/* One that cannot be queried must say so, or silence on a request would count against it. */
static enum member_event refused(struct member *member, const struct input *input, struct outbox *outbox)
{
    if (is_token(input->token, MEMBER_TOKEN_REPLIES) && member->checking)
        return conclude(member, claim_refused(&member->claim, input->reason, outbox), input->now, outbox);
    outbox_notice(outbox, "the broker refuses this %s's subscription to its %s (reason 0x%02x): it receives none",
                  role_of(member)->noun, member_token_subject(input->token), input->reason);
    if (is_token(input->token, MEMBER_TOKEN_REQUESTS) && !member->is_deaf && member->linked &&
        member->leave_by == MS_NEVER) {
        member->is_deaf = true;
        publish_birth(member, input, outbox);
    }
    return MEMBER_NOTHING;
}

static enum member_event subscribed(struct member *member, const struct input *input, struct outbox *outbox)
{
    if (!member_token_subject(input->token))
        return MEMBER_NOTHING;
    if (input->reason >= MQTT_FAILED)
        return refused(member, input, outbox);
    if (is_token(input->token, MEMBER_TOKEN_REQUESTS))
        member->rpc_subscribed = true;
    return MEMBER_NOTHING;
}

static void note_round_trip(struct member *member, ms_t *sent, const struct input *input, struct outbox *outbox)
{
    if (*sent == MS_NEVER || input->reason >= MQTT_FAILED)
        return;
    link_speed_round_trip(&member->speed, input->now - *sent);
    *sent = MS_NEVER;
    if (member->linked && member->leave_by == MS_NEVER && link_speed_is_wrong(&member->speed))
        publish_birth(member, input, outbox);
}

static enum member_event acked(struct member *member, const struct input *input, struct outbox *outbox)
{
    bool fine = input->reason < MQTT_FAILED;
    if (is_token(input->token, MEMBER_TOKEN_BIRTH))
        member->is_online = fine && member->linked;
    if (is_token(input->token, MEMBER_TOKEN_BIRTH))
        note_round_trip(member, &member->birth_sent, input, outbox);
    if (is_token(input->token, MEMBER_TOKEN_BEAT) && member->unacked > 0) {
        member->unacked--;
        note_round_trip(member, &member->beat_sent, input, outbox);
    }
    if (is_token(input->token, MEMBER_TOKEN_GOODBYE) && member->leave_by != MS_NEVER) {
        member->leave_by = MS_NEVER;
        member->goodbye_acked = fine;
        member->goodbye_refused = !fine;
        return MEMBER_LEFT;
    }
    return conclude(member, claim_acked(&member->claim, input->token, input->reason, input->now, outbox), input->now,
                    outbox);
}

enum member_event member_tick(struct member *member, const struct input *input, struct outbox *outbox)
{
    if (member->leave_by <= input->now) {
        member->leave_by = MS_NEVER;
        return MEMBER_LEFT;
    }
    if (member->heal_at <= input->now) {
        member->heal_at = MS_NEVER;
        member->healed_at = input->now;
        publish_birth(member, input, outbox);
        return MEMBER_HEALED;
    }
    if (member->again_at <= input->now)
        publish_birth(member, input, outbox);
    return conclude(member, claim_tick(&member->claim, input->now, outbox), input->now, outbox);
}

enum member_event member_step(struct member *member, const struct input *input, struct outbox *outbox)
{
    switch (input->kind) {
    case INPUT_TICK:
        return member_tick(member, input, outbox);
    case INPUT_CONNECTING:
        connecting(member, input, outbox);
        return MEMBER_NOTHING;
    case INPUT_LINK_UP:
        return up(member, input, outbox);
    case INPUT_LINK_DOWN:
        down(member);
        return MEMBER_NOTHING;
    case INPUT_SUBSCRIBED:
        return subscribed(member, input, outbox);
    case INPUT_ACKED:
        return acked(member, input, outbox);
    default:
        return MEMBER_NOTHING;
    }
}

static bool is_of_this_link(const struct member *member, const struct presence *presence)
{
    return presence->session == member->self.session && presence->connection == member->self.connection;
}

/* The replies are subscribed to before the request that may come of it. */
static void claim_observe(struct member *member, const struct presence *presence, bool stored, ms_t now,
                          struct outbox *outbox)
{
    bool is_foreign = presence && presence->presence == PRESENCE_ONLINE && presence->session != member->self.session;
    if (member->linked && is_foreign)
        member_topics_read_replies(&member->topics, true, outbox);
    claim_seen(&member->claim, presence, stored, now, outbox);
    stop_reading_replies(member, outbox);
}

/* Of a worker also by who has no session: what the fleet then reads there says nothing of requests. */
static bool is_overwritten(const struct member *member, const struct presence *presence)
{
    if (!presence)
        return true;
    if (presence->presence != PRESENCE_ONLINE)
        return !is_of_this_link(member, presence);
    return !presence->session && !role_of(member)->is_claimed;
}

/* A stored copy came before the birth, which was published right behind the subscription: it needs no healing. */
static void observe(struct member *member, const struct presence *presence, const struct input *input,
                    struct outbox *outbox)
{
    bool stored = input->message->retain;
    if (role_of(member)->is_claimed)
        claim_observe(member, presence, stored, input->now, outbox);
    if (!member->linked || stored)
        return;
    if (is_overwritten(member, presence))
        heal_soon(member, input->now);
    else if (!role_of(member)->is_claimed && presence->session != member->self.session)
        outbox_notice(outbox, "another process uses the id %s/%s: host %.64s, pid %lld", member->self.hive_id,
                      member->self.worker_id, presence->host ? presence->host : "unknown", (long long)presence->pid);
}

/* Of who thinks that the topic is its own. It tells nothing about who holds the id. */
static void receive_nonsense(struct member *member, const struct input *input)
{
    member->ignored++;
    if (member->linked && !input->message->retain)
        heal_soon(member, input->now);
}

void member_presence(struct member *member, const struct input *input, struct arena *arena, struct outbox *outbox)
{
    struct presence presence;
    if (member->leave_by != MS_NEVER)
        return;
    presence_init(&presence);
    if (input->message->payload.len == 0)
        observe(member, NULL, input, outbox);
    else if (presence_decode(arena, input->message->payload, &presence, NULL) == OK)
        observe(member, &presence, input, outbox);
    else
        receive_nonsense(member, input);
}

enum member_event member_reply(struct member *member, const struct input *input, struct arena *arena,
                               struct outbox *outbox)
{
    if (member->leave_by != MS_NEVER)
        return MEMBER_NOTHING;
    return conclude(member, claim_replied(&member->claim, input->message, input->now, arena), input->now, outbox);
}

void member_leave(struct member *member, const struct exit_info *exit, ms_t until, const struct input *input,
                  struct outbox *outbox)
{
    struct publish goodbye;
    member->leave_by = ms_min(until, input->now + MEMBER_GOODBYE_MS);
    member->heal_at = member->again_at = MS_NEVER;
    if (!member->linked)
        return;
    goodbye = own_presence(member, exit ? PRESENCE_STALE : PRESENCE_OFFLINE,
                           exit ? DEATH_PROCESS_EXITED : DEATH_GOODBYE, input->wall, exit, outbox);
    goodbye.urgent = role_of(member)->leaves_first;
    goodbye.token = member_token(MEMBER_TOKEN_GOODBYE);
    outbox_publish(outbox, &goodbye);
}

ms_t member_deadline(const struct member *member)
{
    ms_t due = ms_min(ms_min(member->heal_at, member->again_at), member->leave_by);
    return ms_min(due, claim_deadline(&member->claim));
}
