#include "queen_script.h"

/* Members of who speaks, from "session.connection.seq". */
static void put_who(struct scene *scene, struct buf *doc, const char *args)
{
    unsigned session = 0, connection = 0;
    long long seq = -1;
    (void)sscanf(args, "%u.%u.%lld", &session, &connection, &seq);
    if (session)
        buf_printf(doc, ",\"session\":\"%016llx\"", (unsigned long long)SCENE_SESSION + session);
    if (connection)
        buf_printf(doc, ",\"connection\":%u", connection);
    if (seq >= 0)
        buf_printf(doc, ",\"seq\":%lld", seq);
    buf_add_text(doc, buf_text(&scene->extra));
    buf_add_char(doc, '}');
}

static void hear_presence(struct scene *scene, const char *members, const char *args)
{
    struct buf doc = BUF_INIT;
    buf_printf(&doc, "{%s", members);
    put_who(scene, &doc, args);
    scene_hear(scene, "presence", buf_str(&doc));
    buf_clear(&doc);
}

static void do_birth(struct scene *scene, const char *args)
{
    hear_presence(scene, "\"presence\":\"online\",\"rpc\":true", args);
}

/* Of a device that answers no requests. */
static void do_mute_birth(struct scene *scene, const char *args)
{
    hear_presence(scene, "\"presence\":\"online\"", args);
}

static void do_will(struct scene *scene, const char *args)
{
    hear_presence(scene, "\"presence\":\"stale\",\"cause\":\"connection_lost\"", args);
}

static void do_bye(struct scene *scene, const char *args)
{
    hear_presence(scene, "\"presence\":\"offline\",\"cause\":\"goodbye\"", args);
}

static void do_crash(struct scene *scene, const char *args)
{
    hear_presence(scene,
                  "\"presence\":\"stale\",\"cause\":\"process_exited\",\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\"}",
                  args);
}

static void do_beat(struct scene *scene, const char *args)
{
    struct buf doc = BUF_INIT;
    buf_printf(&doc, "{\"status\":\"%s\"",
               scene_is_of_hive(scene) ? "ready"
               : scene->status[0]      ? scene->status
                                       : "idle");
    put_who(scene, &doc, args);
    scene_hear(scene, "heartbeat", buf_str(&doc));
    buf_clear(&doc);
}

static void do_clear(struct scene *scene, const char *args)
{
    scene_hear(scene, args, "");
}

static void say_status(struct scene *scene, struct http_response *response)
{
    char status[16];
    snprintf(status, sizeof status, "%d", response->status);
    scene_say(scene, status, "");
    buf_clear(&response->body);
}

static void do_post(struct scene *scene, const char *args)
{
    struct buf doc = BUF_INIT;
    struct http_response response;
    buf_printf(&doc, "{\"status\":\"idle\",\"worker_id\":\"%s\",\"hive_id\":\"%s\"", scene->worker, scene->hive);
    put_who(scene, &doc, args);
    response = scene_http(scene, &(struct http_request){ .method = "POST",
                                                         .path = "/v1/worker/heartbeat",
                                                         .body = buf_text(&doc),
                                                         .content_type = "application/json" });
    say_status(scene, &response);
    buf_clear(&doc);
}

static void do_delete(struct scene *scene, const char *args)
{
    char path[256];
    struct http_response response;
    snprintf(path, sizeof path, "/v1/hives/%s%s%s", scene->hive, scene_is_of_hive(scene) ? "" : "/workers/",
             scene->worker);
    response = scene_http(scene, &(struct http_request){
                                     .method = "DELETE", .path = path, .query = text_of(*args ? "force=true" : NULL) });
    say_status(scene, &response);
}

void pass(struct scene *scene, ms_t time)
{
    scene->now += time;
    scene->wall += time;
}

/* The loop runs: it sleeps until the queen's deadline, and not longer. */
static void do_wait(struct scene *scene, const char *args)
{
    ms_t left = strtoll(args, NULL, 10);
    for (unsigned idle = 0; left > 0 || queen_deadline(scene->queen) <= scene->now;) {
        ms_t sleep = ms_min(ms_max(queen_deadline(scene->queen) - scene->now, 0), left);
        idle = sleep == 0 ? idle + 1 : 0;
        assert_true(idle < 3); /* a tick leaves nothing that is due */
        pass(scene, sleep);
        left -= sleep;
        scene_step(scene, (struct input){ .kind = INPUT_TICK });
    }
}

/* The same, while the broker goes on sending: its answers to pings, other workers' heartbeats. */
static void do_listen(struct scene *scene, const char *args)
{
    for (ms_t left = strtoll(args, NULL, 10); left > 0; left -= 1000) {
        char step[24];
        snprintf(step, sizeof step, "%lld", (long long)ms_min(left, 1000));
        do_wait(scene, step);
        scene_step(scene, (struct input){ .kind = INPUT_PACKET });
    }
}

void do_stand(struct scene *scene, const char *args)
{
    pass(scene, strtoll(args, NULL, 10));
    scene_step(scene, (struct input){ .kind = INPUT_TICK });
}

/* Somebody sets the wall clock. */
static void do_clock(struct scene *scene, const char *args)
{
    scene->wall += strtoll(args, NULL, 10);
}

static void do_ack(struct scene *scene, const char *args)
{
    uint64_t token = scene->asked[0];
    assert_true(scene->asked_count > 0);
    memmove(scene->asked, scene->asked + 1, --scene->asked_count * sizeof *scene->asked);
    scene_acked(scene, token, args);
}

void hear_reply(struct scene *scene, const char *correlation)
{
    scene_reply(scene, correlation, "{}");
}

static void do_reply(struct scene *scene, const char *args)
{
    (void)args;
    hear_reply(scene, scene->beat.correlation);
}

static void do_check(struct scene *scene, const char *args)
{
    (void)args;
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    assert_int_equal(scene->will.len, 0);
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP });
}

static void do_free(struct scene *scene, const char *args)
{
    (void)args;
    scene_acked(scene, scene->claim.token, "10");
    assert_true(scene->is_known);
    scene_step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
}

/* PUBACK of the question who else holds the id; and the health of another one: `held SESSION MS`. */
static void do_cack(struct scene *scene, const char *args)
{
    scene_acked(scene, scene->claim.token, args);
}

static void do_held(struct scene *scene, const char *args)
{
    unsigned long long session = 0;
    long long held = 0;
    char payload[128];
    (void)sscanf(args, "%llx %lld", &session, &held);
    snprintf(payload, sizeof payload, "{\"result\":{\"session\":\"%016llx\",\"held_ms\":%lld}}", session, held);
    scene_reply(scene, scene->claim.correlation, payload);
}

static void suback_all(struct scene *scene, const char *reason)
{
    size_t count = scene->subscribing_count < SCENE_SUBSCRIBING_MAX ? scene->subscribing_count : SCENE_SUBSCRIBING_MAX;
    scene->subscribing_count = 0;
    for (size_t i = 0; i < count; i++)
        scene_step(scene, (struct input){ .kind = INPUT_SUBSCRIBED,
                                          .token = scene->subscribing[i],
                                          .reason = (uint8_t)strtoul(reason, NULL, 16) });
}

static size_t filters_of_devices(const struct scene *scene)
{
    const struct devices *devices = scene->queen->options.devices;
    return devices ? devices->filter_count : 0;
}

/* The link up to the live subscriptions, which end with the first marker. The first link finds out that nobody else
 * holds the queen's id. */
static void do_subscribe(struct scene *scene, const char *args)
{
    if (!scene->is_known) {
        do_check(scene, "");
        do_free(scene, "");
    }
    scene->subscribing_count = 0;
    scene_step(scene, (struct input){ .kind = INPUT_CONNECTING });
    scene_step(scene, (struct input){ .kind = INPUT_LINK_UP });
    assert_int_equal(scene->subscribing_count, SUBSCRIPTIONS + filters_of_devices(scene));
    suback_all(scene, args);
}

/* The link as far as the first pass of the snapshot: stored copies come now, and `read` ends them all. */
static void do_connect(struct scene *scene, const char *args)
{
    do_subscribe(scene, args);
    hear_reply(scene, scene->marker.correlation);
    suback_all(scene, args);
}

static void do_mark(struct scene *scene, const char *args)
{
    (void)args;
    hear_reply(scene, scene->marker.correlation);
}

static void do_suback(struct scene *scene, const char *args)
{
    suback_all(scene, args);
}

static void do_read(struct scene *scene, const char *args)
{
    do_mark(scene, "");
    while (scene->subscribing_count > 0) {
        suback_all(scene, args);
        do_mark(scene, "");
    }
}

static void do_up(struct scene *scene, const char *args)
{
    do_connect(scene, args);
    do_read(scene, args);
    assert_true(queen_sees(scene->queen));
}

static void do_down(struct scene *scene, const char *args)
{
    (void)args;
    scene->asked_count = 0;
    scene_step(scene, (struct input){ .kind = INPUT_LINK_DOWN });
}

static void do_packet(struct scene *scene, const char *args)
{
    (void)args;
    scene_step(scene, (struct input){ .kind = INPUT_PACKET });
}

static void do_stop(struct scene *scene, const char *args)
{
    (void)args;
    scene_step(scene, (struct input){ .kind = INPUT_STOP });
}

/* Later messages say these members as well. */
static void do_say(struct scene *scene, const char *args)
{
    buf_reset(&scene->extra);
    if (*args)
        buf_printf(&scene->extra, ",%s", args);
}

/* Later heartbeats have this status. */
static void do_status(struct scene *scene, const char *args)
{
    snprintf(scene->status, sizeof scene->status, "%s", args);
}

/* Later copies have this many seconds left of their expiry. */
static void do_left(struct scene *scene, const char *args)
{
    scene->has_left = true;
    scene->left = (uint32_t)strtoul(args, NULL, 10);
}

/* A message on the queen's own presence topic. */
static void do_own(struct scene *scene, const char *args)
{
    scene_message(scene, "skep/v1/queen/queen/presence", text_of(args));
}

/* Of the verdict that this queen has published earlier: `STATE CAUSE SESSION.CONNECTION EVENT`. */
static void do_verdict(struct scene *scene, const char *args)
{
    char topic[TOPIC_SIZE], state[32], cause[32];
    unsigned session = 0, connection = 0;
    unsigned long long event = 0;
    struct buf doc = BUF_INIT;
    assert_int_equal(sscanf(args, "%31s %31s %u.%u %llu", state, cause, &session, &connection, &event), 5);
    snprintf(topic, sizeof topic, "skep/v1/queen/queen/%s/%s%s%s", scene_is_of_hive(scene) ? "hive-verdict" : "verdict",
             scene->hive, scene_is_of_hive(scene) ? "" : "/", scene->worker);
    buf_printf(&doc,
               "{\"state\":\"%s\",\"previous\":\"online\",\"cause\":\"%s\",\"since\":\"2023-11-14T22:00:00.000Z\","
               "\"event_id\":%llu,\"revision\":1,\"evidence\":{\"path\":\"mqtt\",\"result\":\"heard\","
               "\"seen_at\":\"2023-11-14T22:00:00.000Z\",\"exit\":{\"code\":139,\"signal\":\"SIGSEGV\"}}",
               state, cause, event);
    if (session)
        buf_printf(&doc, ",\"session\":\"%016llx\",\"connection\":%u", (unsigned long long)SCENE_SESSION + session,
                   connection);
    buf_add_text(&doc, buf_text(&scene->extra));
    buf_add_char(&doc, '}');
    scene_message(scene, topic, buf_text(&doc));
    buf_clear(&doc);
}

/* `TOPIC PAYLOAD`, of another system; without a payload it is empty. */
static void do_publish(struct scene *scene, const char *args)
{
    struct text payload = text_of(args), topic = text_split(&payload, ' ');
    char text[TOPIC_SIZE];
    snprintf(text, sizeof text, "%.*s", (int)topic.len, topic.at);
    scene_message(scene, text, payload.at ? payload : TEXT(""));
}

/* Since when an earlier process has granted a grace: the expiry in seconds, of which `left` is left; behind it the id
 * of another queen. */
static void do_since(struct scene *scene, const char *args)
{
    char doc[64], topic[TOPIC_SIZE], queen[NAME_SIZE] = "queen";
    unsigned retain_s = 0;
    (void)sscanf(args, "%u %31s", &retain_s, queen);
    snprintf(doc, sizeof doc, "{\"retain_s\":%u}", retain_s);
    snprintf(topic, sizeof topic, "skep/v1/queen/%s/since", queen);
    scene_message(scene, topic, text_of(doc));
}

static void do_step(struct scene *scene, char *step);

static void do_stored(struct scene *scene, const char *args)
{
    char step[512];
    snprintf(step, sizeof step, "%s", args);
    scene->stored = true;
    do_step(scene, step);
    scene->stored = false;
}

static void do_aged(struct scene *scene, const char *args)
{
    char step[512];
    snprintf(step, sizeof step, "%s", args);
    scene->aged = true;
    do_step(scene, step);
    scene->aged = false;
}

static const struct {
    const char *name;
    void (*fn)(struct scene *scene, const char *args);
} script_verbs[] = {
    { "birth", do_birth },
    { "mute_birth", do_mute_birth },
    { "will", do_will },
    { "bye", do_bye },
    { "crash", do_crash },
    { "beat", do_beat },
    { "clear", do_clear },
    { "post", do_post },
    { "delete", do_delete },
    { "wait", do_wait },
    { "listen", do_listen },
    { "stand", do_stand },
    { "clock", do_clock },
    { "ack", do_ack },
    { "reply", do_reply },
    { "up", do_up },
    { "subscribe", do_subscribe },
    { "mark", do_mark },
    { "suback", do_suback },
    { "connect", do_connect },
    { "read", do_read },
    { "down", do_down },
    { "packet", do_packet },
    { "stop", do_stop },
    { "say", do_say },
    { "left", do_left },
    { "own", do_own },
    { "stored", do_stored },
    { "aged", do_aged },
    { "verdict", do_verdict },
    { "since", do_since },
    { "publish", do_publish },
    { "vack", do_vack },
    { "answer", do_answer },
    { "witness", do_witness },
    { "http", do_http },
    { "pack", do_pack },
    { "qack", do_qack },
    { "qreply", do_qreply },
    { "demand", do_demand },
    { "health", do_health },
    { "check", do_check },
    { "free", do_free },
    { "cack", do_cack },
    { "held", do_held },
    { "status", do_status },
};

/* `@hive/name` or `@name` behind the step. */
static void name_worker(struct scene *scene, const char *name)
{
    const char *slash = name ? strchr(name, '/') : NULL;
    snprintf(scene->hive, sizeof scene->hive, "%.*s", slash ? (int)(slash - name) : 7, slash ? name : "default");
    snprintf(scene->worker, sizeof scene->worker, "%s", slash ? slash + 1 : name ? name : "w1");
}

static void do_step(struct scene *scene, char *step)
{
    char *args = strchr(step, ' ');
    if (args)
        *args++ = '\0';
    for (size_t i = 0; i < ARRAY_LEN(script_verbs); i++)
        if (strcmp(step, script_verbs[i].name) == 0) {
            script_verbs[i].fn(scene, args ? args : "");
            return;
        }
    fail_msg("no such verb: %s", step);
}

void scene_run(struct scene *scene, const char *script)
{
    struct text rest = text_of(script);
    while (rest.at) {
        struct text part = text_split(&rest, ';');
        char step[512], *at;
        while (part.len > 0 && part.at[0] == ' ')
            part = (struct text){ part.at + 1, part.len - 1 };
        snprintf(step, sizeof step, "%.*s", (int)part.len, part.at);
        if ((at = strstr(step, " @")))
            *at = '\0';
        name_worker(scene, at ? at + 2 : NULL);
        if (step[0])
            do_step(scene, step);
        name_worker(scene, NULL);
    }
}

void row_check_in(struct scene *scene, const struct row *row)
{
    scene_run(scene, row->script);
    buf_printf(&scene->trace, "%s| %s", scene->trace.len ? " " : "",
               scene_record(scene) ? state_name(scene_record(scene)->state) : "gone");
    if (strcmp(buf_str(&scene->trace), row->want) != 0)
        print_error("%s:\n  %s\n", row->why, row->script);
    assert_string_equal(buf_str(&scene->trace), row->want);
}

void row_check_with(const struct row *row, const struct queen_options *options)
{
    struct scene scene;
    scene_init_with(&scene, options);
    row_check_in(&scene, row);
    scene_clear(&scene);
}

void rows_check(const struct row *rows, size_t len)
{
    for (size_t i = 0; i < len; i++)
        row_check_with(&rows[i], &scene_options);
}
