#include "hive_fixture.h"

static const struct hive_options scene_options = { .root = "skep/v1",
                                                   .id = "hive-a",
                                                   .host = "host-a",
                                                   .version = "1.2.3",
                                                   .endpoint = "http://127.0.0.1:7835",
                                                   .session = SCENE_SESSION,
                                                   .pid = 42,
                                                   .secret = { 1, 2 },
                                                   .keep_alive = 10000 };

static void scene_say(struct scene *scene, const char *what, const char *about)
{
    buf_printf(&scene->trace, "%s%s%s%s", scene->trace.len ? "; " : "", what, about[0] ? " " : "", about);
}

static void scene_publish(struct scene *scene, const struct publish *publish)
{
    const char *own = strstr(publish->topic, OWN_TOPIC);
    scene_say(scene, publish->payload.len ? "tell" : "clear",
              own == publish->topic ? own + strlen(OWN_TOPIC) : publish->topic);
    buf_printf(&scene->told, "%.*s\n", (int)publish->payload.len, publish->payload.at ? publish->payload.at : "");
    if (publish->token)
        scene->goodbye = publish->token;
    if (publish->response_topic)
        snprintf(scene->correlation, sizeof scene->correlation, "%.*s", (int)publish->correlation.len,
                 publish->correlation.at);
}

static void scene_effect(struct scene *scene, const struct effect *effect)
{
    char code[16];
    switch (effect->kind) {
    case EFFECT_CONNECT:
        buf_reset(&scene->will);
        buf_add_text(&scene->will, effect->publish.payload);
        break;
    case EFFECT_DISCONNECT:
        scene_say(scene, "disconnect", "");
        break;
    case EFFECT_RECONNECT:
        scene_say(scene, "reconnect", "");
        break;
    case EFFECT_SUBSCRIBE:
        scene_say(scene, "subscribe", effect->subscribe.filter);
        if (strstr(effect->subscribe.filter, "-rpc/hive/"))
            scene->subscribing = effect->subscribe.token;
        break;
    case EFFECT_PUBLISH:
        scene_publish(scene, &effect->publish);
        break;
    case EFFECT_NOTICE:
        scene_say(scene, "notice", "");
        buf_printf(&scene->told, "%.*s\n", (int)effect->text.len, effect->text.at);
        break;
    case EFFECT_EXIT:
        snprintf(code, sizeof code, "%d", effect->code);
        scene_say(scene, "exit", code);
        buf_printf(&scene->told, "%.*s\n", (int)effect->text.len, effect->text.at);
        break;
    case EFFECT_UNSUBSCRIBE:
        scene_say(scene, "unsubscribe", effect->subscribe.filter);
        break;
    case EFFECT_HTTP_GET:
        fail_msg("a hive does not do that");
    }
}

static void scene_effects(struct scene *scene)
{
    assert_false(scene->outbox.failed);
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next)
        scene_effect(scene, effect);
    outbox_reset(&scene->outbox);
}

static void scene_raw_take(struct scene *scene, struct hive_input input)
{
    input.now = scene->now;
    input.wall = SCENE_WALL + scene->now;
    hive_take(scene->hive, &input, &scene->outbox);
    scene_effects(scene);
}

void scene_start(struct scene *scene, const char *worker)
{
    struct hive_input input = { .kind = HIVE_STARTED, .worker = worker };
    if (scene->cannot_record) {
        input.kind = HIVE_NOT_RECORDED;
        input.why = "no space left";
    } else if (scene->cannot_start) {
        input.kind = HIVE_NOT_STARTED;
        input.why = "no such agent";
    } else {
        scene->pid++;
        input.birth = (struct process_birth){ scene->pid, SCENE_SESSION + (uint64_t)scene->pid, SCENE_WALL, 0 };
    }
    scene_raw_take(scene, input);
}

static void scene_orders(struct scene *scene)
{
    static const char *const names[] = {
        [PROCESS_TERM] = "TERM", [PROCESS_KILL] = "KILL", [PROCESS_SWEEP] = "SWEEP", [PROCESS_START] = "START"
    };
    struct hive_order order;
    while (hive_next_order(scene->hive, &order)) {
        char worker[NAME_SIZE];
        snprintf(worker, sizeof worker, "%s", order.worker);
        scene_say(scene, names[order.order], worker);
        if (order.order == PROCESS_START)
            scene_start(scene, worker);
        else if (order.order == PROCESS_SWEEP && !scene->cannot_sweep)
            scene_raw_take(scene, (struct hive_input){ .kind = HIVE_SWEPT, .worker = worker });
    }
}

void scene_take(struct scene *scene, struct hive_input input)
{
    scene_raw_take(scene, input);
    scene_orders(scene);
}

void scene_step(struct scene *scene, struct input input)
{
    input.now = scene->now;
    input.wall = SCENE_WALL + scene->now;
    hive_step(scene->hive, &input, &scene->outbox);
    scene_effects(scene);
    scene_orders(scene);
}

void scene_init_before_link(struct scene *scene)
{
    *scene = (struct scene){ .now = 5000, .pid = 100 };
    scene->outbox = (struct outbox){ 0 };
    roster_init(&scene->roster);
    assert_int_equal(hive_new(&scene_options, scene->now, SCENE_WALL, &scene->hive), OK);
    hive_set_host(scene->hive, &(struct hive_host){ 0.5, 4, 1000, 600 });
}

void scene_init(struct scene *scene)
{
    scene_init_before_link(scene);
    scene_step(scene, (struct input){ .kind = INPUT_LINK_FAILED });
}

void scene_clear(struct scene *scene)
{
    hive_free(scene->hive);
    outbox_clear(&scene->outbox);
    roster_clear(&scene->roster);
    buf_clear(&scene->trace);
    buf_clear(&scene->told);
    buf_clear(&scene->will);
}

void scene_roster(struct scene *scene, const char *list)
{
    struct errbuf e = { 0 };
    struct text rest = text_of(list);
    roster_clear(&scene->roster);
    while (rest.at) {
        struct text fingerprint = text_split(&rest, ' '), name = text_split(&fingerprint, '=');
        char section[NAME_SIZE + 16];
        int64_t number = 1;
        if (name.len == 0)
            continue;
        snprintf(section, sizeof section, "worker \"%.*s\"", (int)name.len, name.at);
        assert_int_equal(roster_key(&scene->roster, section, NULL, NULL, 1, &e), OK);
        if (fingerprint.at)
            assert_int_equal(text_to_int(fingerprint, &number), OK);
        scene->roster.entries[scene->roster.count - 1].fingerprint = (uint64_t)number;
        scene->roster.entries[scene->roster.count - 1].restart = scene->policy;
    }
    scene_take(scene, (struct hive_input){ .kind = HIVE_ROSTER, .roster = &scene->roster });
}

void scene_check(struct scene *scene)
{
    struct buf trace = scene->trace, told = scene->told;
    scene->trace = scene->told = BUF_INIT;
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_step(scene, (struct input){ .kind = INPUT_ACKED, .token = scene->goodbye, .reason = MQTT_NO_SUBSCRIBER });
    assert_non_null(strstr(buf_str(&scene->trace), "reconnect"));
    scene_step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
    buf_clear(&scene->trace);
    buf_clear(&scene->told);
    scene->trace = trace;
    scene->told = told;
}

void scene_up(struct scene *scene)
{
    if (!scene->is_known)
        scene_check(scene);
    scene->is_known = true;
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP });
    scene_step(scene, (struct input){ .kind = INPUT_SUBSCRIBED, .token = scene->subscribing });
}

void scene_down(struct scene *scene)
{
    scene_step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
}

void scene_wait(struct scene *scene, ms_t left)
{
    for (unsigned idle = 0; left > 0 || hive_deadline(scene->hive) <= scene->now;) {
        ms_t due = hive_deadline(scene->hive);
        ms_t sleep = due == MS_NEVER ? left : ms_min(ms_max(due - scene->now, 0), left);
        idle = sleep == 0 ? idle + 1 : 0;
        assert_true(idle < 3); /* a tick leaves nothing that is due */
        scene->now += sleep;
        left -= sleep;
        scene_step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

void scene_exit(struct scene *scene, const char *worker, int signal_number)
{
    struct exit_status exit_status = { .signal = signal_number, .oom = -1 };
    scene_take(scene, (struct hive_input){ .kind = HIVE_EXITED, .worker = worker, .exit_status = &exit_status });
}

void scene_hear(struct scene *scene, const char *topic, const char *payload, bool stored)
{
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){
                                          .topic = text_of(topic), .payload = text_of(payload), .retain = stored } });
}

const char *scene_ask(struct scene *scene, const char *method, const char *parameters)
{
    char topic[TOPIC_SIZE];
    snprintf(topic, sizeof topic, "skep/v1-rpc/hive/hive-a/%s", method);
    buf_reset(&scene->told);
    scene_step(scene, (struct input){ .kind = INPUT_MESSAGE,
                                      .message = &(struct message){ .topic = text_of(topic),
                                                                    .payload = text_of(parameters),
                                                                    .response_topic = TEXT("skep/v1-rpc/reply/me"),
                                                                    .correlation = TEXT("c1") } });
    return buf_str(&scene->told);
}

void scene_expect(struct scene *scene, const char *why, const char *want)
{
    if (strcmp(buf_str(&scene->trace), want) != 0)
        fail_msg("%s:\n got %s\nwant %s", why, buf_str(&scene->trace), want);
    buf_reset(&scene->trace);
    buf_reset(&scene->told);
}

void scene_forget(struct scene *scene)
{
    buf_reset(&scene->trace);
    buf_reset(&scene->told);
}

bool scene_told(const struct scene *scene, const char *part)
{
    return strstr(buf_str(&scene->told), part) != NULL;
}
