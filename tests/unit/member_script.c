#include "member_script.h"

static void say(struct scene *scene, const char *what, const char *about)
{
    buf_printf(&scene->trace, "%s%s%s%s", scene->trace.len ? "; " : "", what, about[0] ? " " : "", about);
}

static void say_presence(struct scene *scene, const char *verb, const struct publish *publish)
{
    struct presence presence;
    bool is_birth;
    char about[64];
    assert_int_equal(presence_decode(&scene->arena, publish->payload, &presence, NULL), OK);
    is_birth = presence.presence == PRESENCE_ONLINE;
    assert_true(presence.session == OWN && publish->retain && publish->qos == 1);
    assert_int_equal(publish->expiry_s, is_birth ? MEMBER_RETAIN_S : 0);
    assert_int_equal(presence.retain_s, is_birth ? MEMBER_RETAIN_S : INT_ABSENT);
    assert_int_equal(publish->token == member_token(MEMBER_TOKEN_BIRTH), is_birth);
    assert_true(!is_birth || (publish->urgent && presence.cause < 0));
    if (scene->member.topics.role->presence == TOPIC_WORKER_PRESENCE)
        assert_string_equal(presence.worker_id, "w");
    snprintf(about, sizeof about, "%s c%d%s", presence_state_name(presence.presence), (int)presence.connection,
             presence.rpc ? "" : " deaf");
    say(scene, verb, about);
}

static void see(struct scene *scene, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_CONNECT:
        if (effect->publish.topic)
            say_presence(scene, "connect, will", &effect->publish);
        else
            say(scene, "connect", "");
        break;
    case EFFECT_RECONNECT:
        say(scene, "reconnect", "");
        break;
    case EFFECT_DISCONNECT:
        say(scene, "disconnect", "");
        break;
    case EFFECT_SUBSCRIBE:
        say(scene, "subscribe", effect->subscribe.filter);
        break;
    case EFFECT_UNSUBSCRIBE:
        say(scene, "unsubscribe", effect->subscribe.filter);
        break;
    case EFFECT_PUBLISH:
        if (effect->publish.response_topic) {
            scene->claim = effect->publish.token;
            say(scene, "request", effect->publish.topic);
        } else {
            say_presence(scene, "publish", &effect->publish);
        }
        break;
    default:
        say(scene, "notice", "");
    }
}

void scene_look(struct scene *scene, enum member_event event)
{
    static const char *const names[] = { NULL, "BORN", "HEALED", "REFUSED", "LEFT" };
    assert_false(scene->outbox.failed);
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next)
        see(scene, effect);
    outbox_reset(&scene->outbox);
    if (event != MEMBER_NOTHING)
        say(scene, names[event], "");
}

void scene_step(struct scene *scene, struct input input)
{
    input.now = scene->now;
    scene_look(scene, member_step(&scene->member, &input, &scene->outbox));
}

void scene_ack(struct scene *scene, uint64_t token, uint8_t reason)
{
    scene_step(scene, (struct input){ .kind = INPUT_ACKED, .token = token, .reason = reason });
}

void scene_refuse(struct scene *scene, enum member_token token)
{
    scene_step(scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = member_token(token), .reason = 0x87 });
}

void scene_hear(struct scene *scene, const char *payload, bool stored)
{
    struct message message = { .payload = text_of(payload), .retain = stored };
    struct input input = { .now = scene->now, .message = &message };
    member_presence(&scene->member, &input, &scene->arena, &scene->outbox);
    scene_look(scene, MEMBER_NOTHING);
}

void scene_wait(struct scene *scene, ms_t left)
{
    while (left > 0 || member_deadline(&scene->member) <= scene->now) {
        ms_t due = member_deadline(&scene->member);
        ms_t sleep = due == MS_NEVER ? left : ms_min(ms_max(due - scene->now, 0), left);
        scene->now += sleep;
        left -= sleep;
        scene_step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

void scene_leave(struct scene *scene, ms_t until)
{
    member_leave(&scene->member, NULL, until, &(struct input){ .now = scene->now }, &scene->outbox);
    scene_look(scene, MEMBER_NOTHING);
}

void scene_expect(struct scene *scene, const char *why, const char *want)
{
    if (strcmp(buf_str(&scene->trace), want) != 0)
        fail_msg("%s:\n got %s\nwant %s", why, buf_str(&scene->trace), want);
    buf_reset(&scene->trace);
}

void scene_init(struct scene *scene, enum member_role role)
{
    *scene = (struct scene){ .now = START };
    scene->outbox = (struct outbox){ 0 };
    scene->arena = (struct arena){ 0 };
    assert_int_equal(member_init(&scene->member, &(struct member_options){ .role = role,
                                                                           .root = "r",
                                                                           .hive = role == MEMBER_QUEEN ? NULL : "h",
                                                                           .worker = role == MEMBER_WORKER ? "w" : NULL,
                                                                           .queen = role == MEMBER_QUEEN ? "q" : NULL,
                                                                           .session = OWN,
                                                                           .key = { 1, 2 },
                                                                           .keep_alive = 10000 }),
                     OK);
}

void scene_clear(struct scene *scene)
{
    member_clear(&scene->member);
    outbox_clear(&scene->outbox);
    arena_clear(&scene->arena);
    buf_clear(&scene->trace);
}

void scene_connect(struct scene *scene)
{
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP });
}

void scene_go_online(struct scene *scene)
{
    scene_init(scene, MEMBER_WORKER);
    scene_connect(scene);
    buf_reset(&scene->trace);
}
