#include "queen_fixture.h"

const struct queen_options scene_options = { .root = "skep/v1",
                                             .id = "queen",
                                             .host = "host-a",
                                             .version = "1.2.3",
                                             .session = 0x1111222233334444,
                                             .pid = 42,
                                             .secret = { 1, 2 },
                                             .keep_alive = 5000,
                                             .stale_after = 90000,
                                             .confirm_wait = 250,
                                             .return_grace = 35000,
                                             .verify_timeout = 5000,
                                             .max_workers = 100,
                                             .max_document_bytes = 1 << 20 };

void scene_init_with(struct scene *scene, const struct queen_options *options)
{
    struct errbuf e = { 0 };
    *scene = (struct scene){ .now = SCENE_START, .wall = SCENE_WALL, .hive = "default", .worker = "w1" };
    scene->outbox = (struct outbox){ 0 };
    assert_int_equal(queen_new(options, scene->now, scene->wall, &scene->queen, &e), OK);
}

void scene_init(struct scene *scene)
{
    scene_init_with(scene, &scene_options);
}

void scene_clear(struct scene *scene)
{
    struct buf *bufs[] = { &scene->read_filter, &scene->filters, &scene->trace,       &scene->extra,
                           &scene->verdict,     &scene->event,   &scene->notice,      &scene->birth,
                           &scene->will,        &scene->replies, &scene->hive_verdict };
    queen_free(scene->queen);
    outbox_clear(&scene->outbox);
    for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
        buf_clear(bufs[i]);
}

void scene_say(struct scene *scene, const char *word, const char *detail)
{
    buf_printf(&scene->trace, "%s%s%s", scene->trace.len ? ", " : "", word, detail);
}

void keep(struct buf *buf, struct text text)
{
    buf_reset(buf);
    buf_add_text(buf, text);
}

bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* Retained and empty below a worker's topics, or a verdict. */
static void scene_see_retained(struct scene *scene, const struct publish *publish)
{
    if (strstr(publish->topic, "/hive-verdict/")) {
        keep(&scene->hive_verdict, publish->payload);
    } else if (strstr(publish->topic, "/verdict/")) {
        keep(&scene->verdict, publish->payload);
        scene->verdicts++;
        assert_true(publish->retain && publish->qos == 1);
        if (publish->payload.len && !strstr(buf_str(&scene->verdict), "\"revision\":1,"))
            scene_say(scene, "revised", "");
    } else if (strstr(publish->topic, "skep/v1/hive/") && publish->retain) {
        assert_int_equal(publish->payload.len, 0);
        scene_say(scene, "clear ", strrchr(publish->topic, '/') + 1);
        scene->clears++;
    } else if (ends_with(publish->topic, "/queen/queen/presence")) {
        keep(&scene->birth, publish->payload);
        scene->births++;
    }
}

/* A correlation can be printed, so that any program can send it back. */
static struct scene_request scene_request_of(const struct publish *publish)
{
    struct scene_request request = { .token = publish->token };
    assert_in_range(publish->correlation.len, 16, sizeof request.correlation - 1);
    memcpy(request.correlation, publish->correlation.at, publish->correlation.len);
    assert_int_equal(strspn(request.correlation, "0123456789abcdef"), publish->correlation.len);
    return request;
}

static bool is_birth(const struct publish *publish)
{
    return ends_with(publish->topic, "/presence") && strstr(publish->payload.at, "\"presence\":\"online\"");
}

/* The core appends an event when it has published it; without memory it only publishes. */
static void scene_see_event(struct scene *scene, uint64_t id)
{
    const char *own = "default/w1 ";
    const struct event *event = queen_event_after(scene->queen, scene->last_event);
    scene->published = id;
    if (id <= scene->last_event)
        scene_say(scene, "event again", "");
    if (!event || id <= scene->last_event)
        return;
    scene->last_event = event->id;
    keep(&scene->event, event->json);
    scene->events++;
    if (strstr(event->line, "->"))
        scene_say(scene, strncmp(event->line, own, strlen(own)) == 0 ? event->line + strlen(own) : event->line, "");
}

static void scene_see_publish(struct scene *scene, const struct publish *publish)
{
    if (ends_with(publish->topic, "/verify")) {
        scene->verify = scene_request_of(publish);
        assert_int_equal(sscanf(publish->payload.at, "{\"nonce\":\"%63[0-9a-f]\"}", scene->nonce), 1);
        scene_say(scene, "verify", "");
        return;
    }
    if (ends_with(publish->topic, "/queen/queen/health")) {
        scene->claim = scene_request_of(publish);
        if (scene->is_known)
            scene_say(scene, "claim", "");
        return;
    }
    if (ends_with(publish->topic, "/health")) {
        scene->poll = scene_request_of(publish);
        scene_say(scene, "poll", "");
        return;
    }
    if (token_kind(publish->token) == TOKEN_INQUIRY) {
        scene->question = scene_request_of(publish);
        scene_say(scene, "question", "");
        return;
    }
    if (token_kind(publish->token) == TOKEN_MARKER) {
        scene->marker = scene_request_of(publish);
        scene->markers++;
        return;
    }
    if (publish->token && token_kind(publish->token) != TOKEN_EVENT && !is_birth(publish)) {
        assert_true(scene->asked_count < SCENE_TOKENS_MAX);
        scene->asked[scene->asked_count++] = publish->token;
    }
    if (ends_with(publish->topic, "/beat")) {
        assert_string_equal(publish->response_topic, "skep/v1-rpc/reply/skep:q:queen");
        scene->beat = scene_request_of(publish);
        scene_say(scene, "ask", "");
    } else if (ends_with(publish->topic, "/reply/skep:q:queen") && publish->token) {
        scene_say(scene, "probe", "");
    } else if (strstr(publish->topic, "-rpc/reply/")) {
        buf_add_text(&scene->replies, publish->correlation);
        buf_add_char(&scene->replies, ' ');
        buf_add_text(&scene->replies, publish->payload);
        buf_add_char(&scene->replies, '\n');
    } else if (ends_with(publish->topic, "/event")) {
        scene_see_event(scene, publish->event);
    } else {
        scene_see_retained(scene, publish);
    }
}

static void scene_see_subscribe(struct scene *scene, const struct subscribe *subscribe)
{
    struct text filter = text_of(subscribe->filter);
    if (token_kind(subscribe->token) != TOKEN_SUBSCRIBE)
        return;
    scene->subscribing[scene->subscribing_count++ % SCENE_SUBSCRIBING_MAX] = subscribe->token;
    if (subscribe->retain_handling != RETAIN_ALWAYS)
        return;
    scene->reads++;
    keep(&scene->read_filter, text_of(subscribe->filter));
    (void)text_skip(&filter, TEXT("skep/v1/"));
    buf_add_text(&scene->filters, filter);
    buf_add_char(&scene->filters, ' ');
}

static void scene_see(struct scene *scene, const struct effect *effect)
{
    switch (effect->kind) {
    case EFFECT_PUBLISH:
        scene_see_publish(scene, &effect->publish);
        break;
    case EFFECT_NOTICE:
        keep(&scene->notice, effect->text);
        break;
    case EFFECT_CONNECT:
        keep(&scene->will, effect->publish.payload);
        break;
    case EFFECT_SUBSCRIBE:
        scene_see_subscribe(scene, &effect->subscribe);
        break;
    case EFFECT_HTTP_GET:
        scene->getting = effect->http_get.token;
        scene_say(scene, "get ", effect->http_get.url);
        break;
    case EFFECT_DISCONNECT:
        scene_say(scene, "disconnect", "");
        break;
    case EFFECT_RECONNECT:
        scene->is_known = true;
        break;
    case EFFECT_UNSUBSCRIBE:
        scene->unsubscribed++;
        break;
    case EFFECT_EXIT:
        scene_say(scene, "exit", "");
        keep(&scene->notice, effect->text);
        break;
    default:
        fail_msg("an effect that the queen does not use");
    }
}

void scene_look(struct scene *scene)
{
    assert_false(scene->outbox.failed);
    for (const struct effect *effect = scene->outbox.first; effect; effect = effect->next)
        scene_see(scene, effect);
    outbox_reset(&scene->outbox);
}

void scene_step(struct scene *scene, struct input input)
{
    input.now = scene->now;
    input.wall = scene->wall;
    queen_step(scene->queen, &input, &scene->outbox);
    assert_true(queen_deadline(scene->queen) >= scene->now);
    assert_true(queen_deadline(scene->queen) <= scene->now + WATCH_SLEEP_MAX);
    scene_look(scene);
}

void scene_message(struct scene *scene, const char *topic, struct text payload)
{
    scene_step(scene, (struct input){
                          .kind = INPUT_MESSAGE,
                          .message = &(struct message){ .topic = text_of(topic),
                                                        .payload = payload,
                                                        .retain = scene->stored,
                                                        .has_expiry = (scene->stored || scene->aged) && scene->has_left,
                                                        .expiry_s = scene->left } });
}

bool scene_is_of_hive(const struct scene *scene)
{
    return scene->worker[0] == '\0';
}

void scene_hear(struct scene *scene, const char *leaf, const char *payload)
{
    char topic[TOPIC_SIZE];
    snprintf(topic, sizeof topic, "skep/v1/hive/%s/%s%s%s%s", scene->hive, scene_is_of_hive(scene) ? "" : "worker/",
             scene->worker, scene_is_of_hive(scene) ? "" : "/", leaf);
    scene_message(scene, topic, text_of(payload));
}

struct record *scene_record(struct scene *scene)
{
    return registry_find(&scene->queen->registry, text_of(scene->hive), text_of(scene->worker));
}

/* The whole of an answer that comes in slices. */
static void scene_drain(struct scene *scene, struct http_response *response)
{
    while (response->listing &&
           queen_listing_next(scene->queen, response->listing,
                              ms_max(scene->now, queen_listing_wait(response->listing)), scene->wall, &response->body))
        continue;
    queen_listing_free(response->listing);
    response->listing = NULL;
}

struct http_response scene_http(struct scene *scene, const struct http_request *request)
{
    struct http_response response = { .status = -1 };
    if (queen_http(scene->queen, request, scene->now, scene->wall, &response, &scene->outbox) != 0)
        assert_int_equal(response.status, -1);
    scene_drain(scene, &response);
    scene_look(scene);
    return response;
}

void scene_check_health(struct scene *scene, const char *want)
{
    struct http_response response = scene_http(scene, &(struct http_request){ .method = "GET", .path = "/health" });
    if (!strstr(buf_str(&response.body), want))
        fail_msg("%s: %s", want, buf_str(&response.body));
    buf_clear(&response.body);
}
