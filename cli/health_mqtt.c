#include "health_mqtt.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "entropy.h"
#include "requester.h"

#define RETRY_EVERY 200 /* ms between attempts to connect */
#define SUBSCRIBE_TOKEN 1

enum link { LINK_PENDING, LINK_UP, LINK_FAILED };
enum state { STATE_AWAITING_LINK, STATE_SENT, STATE_ANSWERED, STATE_UNANSWERED };

struct health_mqtt {
    struct mqtt_client *client;
    struct requester requester;
    struct pending pending;
    struct outbox outbox;
    struct arena arena;
    const struct health_target *target;
    char topic[TOPIC_SIZE], reply_topic[TOPIC_SIZE];
    enum link link;
    struct errbuf link_why; /* of LINK_FAILED */
    enum state state;
    ms_t until;
    struct health_answer answer; /* of STATE_ANSWERED */
    struct errbuf why;           /* of STATE_UNANSWERED */
};

static void give_up(struct health_mqtt *health, const char *why)
{
    requester_cancel(&health->requester, &health->pending);
    health->state = STATE_UNANSWERED;
    (void)err_set(&health->why, OK, "%s", why);
}

static const char *const phrases[] = {
    [ANSWER_GARBLED] = "the reply cannot be read",       [ANSWER_NO_SUBSCRIBER] = "no subscriber to its requests",
    [ANSWER_REFUSED] = "the broker refuses the request", [ANSWER_NO_REPLY] = "no reply in time",
    [ANSWER_LINK_LOST] = "the connection was lost",
};

static void take(struct health_mqtt *health, const struct answer *answer)
{
    struct errbuf e = { 0 };
    if (answer->kind == ANSWER_RESULT &&
        health_answer_read(answer->result, health->target->service_id, &health->answer, &e) == OK) {
        health->state = STATE_ANSWERED;
        return;
    }
    if (answer->kind == ANSWER_ERROR)
        (void)err_set(&e, OK, "refused: %s (%s)", answer->message, answer->code);
    give_up(health, e.text[0] ? e.text : phrases[answer->kind]);
}

/* The only effects of a requester are its publishes. */
static bool publish_all(struct health_mqtt *health)
{
    bool sent = !health->outbox.failed;
    for (const struct effect *effect = health->outbox.first; sent && effect; effect = effect->next)
        sent = mqtt_client_publish(health->client, &effect->publish) == OK;
    outbox_reset(&health->outbox);
    return sent;
}

static void send_request(struct health_mqtt *health)
{
    struct question question = { .topic = health->topic, .deadline = health->until };
    health->state = STATE_SENT;
    if (requester_send(&health->requester, &health->pending, &question, clock_mono(), &health->outbox) != OK ||
        !publish_all(health))
        give_up(health, "the request cannot be sent");
}

void health_mqtt_request(struct health_mqtt *health, ms_t until)
{
    health->until = until;
    health->state = STATE_AWAITING_LINK;
    if (health->link == LINK_FAILED)
        give_up(health, health->link_why.text);
    else if (health->link == LINK_UP)
        send_request(health);
}

enum err health_mqtt_result(const struct health_mqtt *health, struct health_answer *ret, struct errbuf *why)
{
    if (health->state == STATE_UNANSWERED)
        return err_set(why, ERR_UNREACHABLE, "%s", health->why.text);
    if (health->state != STATE_ANSWERED)
        return ERR_STATE;
    *ret = health->answer;
    return OK;
}

static void fail_link(struct health_mqtt *health, const char *why)
{
    health->link = LINK_FAILED;
    text_to_printable(text_of(why), health->link_why.text, sizeof health->link_why.text);
    if (health->state == STATE_AWAITING_LINK || health->state == STATE_SENT)
        give_up(health, health->link_why.text);
}

static ms_t on_retry_in(void *user, ms_t lived)
{
    const struct health_mqtt *health = user;
    return lived < 0 && mqtt_client_has_more(health->client) ? 0 : RETRY_EVERY;
}

/* The broker handles packets in order: what is requested behind the SUBSCRIBE is answered to a subscriber. */
static void on_up(void *user, const char *broker)
{
    struct health_mqtt *health = user;
    struct subscribe replies = { health->reply_topic, .qos = 1, .no_local = true, .retain_handling = 2,
                                 .token = SUBSCRIBE_TOKEN };
    (void)broker;
    if (mqtt_client_subscribe(health->client, &replies) != OK) {
        mqtt_client_drop(health->client, "cannot subscribe to replies");
        return;
    }
    health->link = LINK_UP;
    if (health->state == STATE_AWAITING_LINK)
        send_request(health);
}

static void on_down(void *user, const char *why)
{
    fail_link(user, why);
}

static void on_failed(void *user, const char *why)
{
    const struct health_mqtt *health = user;
    if (!mqtt_client_has_more(health->client))
        fail_link(user, why);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    (void)token;
    if (reason >= MQTT_FAILED)
        fail_link(user, "the broker refuses the subscription to replies");
}

static void on_acked(void *user, uint64_t token, uint8_t reason)
{
    struct health_mqtt *health = user;
    struct answer answer;
    if (requester_acked(&health->requester, token, reason, clock_mono(), &answer))
        take(health, &answer);
}

static void on_message(void *user, const struct message *message)
{
    struct health_mqtt *health = user;
    struct answer answer;
    if (requester_replied(&health->requester, message->correlation, message->payload, clock_mono(), &health->arena,
                          &answer))
        take(health, &answer);
    arena_reset(&health->arena);
}

static const struct mqtt_events events = {
    .retry_in = on_retry_in,
    .up = on_up,
    .down = on_down,
    .failed = on_failed,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
};

void health_mqtt_turn(struct health_mqtt *health)
{
    struct answer answer;
    ms_t now = clock_mono();
    mqtt_client_turn(health->client, now);
    if (health->state == STATE_AWAITING_LINK && now >= health->until)
        give_up(health, "no connection to the broker in time");
    else if (health->state == STATE_SENT && requester_due(&health->requester, now, &health->outbox, &answer))
        take(health, &answer);
}

bool health_mqtt_is_connecting(const struct health_mqtt *health)
{
    return health && health->link == LINK_PENDING;
}

int health_mqtt_fd(const struct health_mqtt *health, short *ret_events)
{
    return mqtt_client_fd(health->client, ret_events);
}

ms_t health_mqtt_deadline(const struct health_mqtt *health)
{
    return mqtt_client_deadline(health->client);
}

static enum err build_topics(struct health_mqtt *health, const char *root, const char *client_id)
{
    struct topic reply = { .kind = TOPIC_REPLY, .client = text_of(client_id) };
    enum err err = health_target_topic(health->target, root, health->topic);
    return err == OK ? topic_build(root, &reply, health->reply_topic) : err;
}

static enum err open_client(struct health_mqtt *health, const struct mqtt_options *given, const char *root,
                            struct errbuf *e)
{
    struct mqtt_options options = *given;
    struct siphash_key key;
    char client_id[CLIENT_ID_SIZE];
    uint64_t random;
    entropy_need(&random, sizeof random);
    entropy_need(&key, sizeof key);
    snprintf(client_id, sizeof client_id, "skep:c:%016llx", (unsigned long long)random);
    options.client_id = client_id;
    if (build_topics(health, root, client_id) != OK)
        return err_set(e, ERR_SYNTAX, "--root %s: the topics get too long", root);
    requester_init(&health->requester, health->reply_topic, key, 0);
    return mqtt_client_new(&options, &events, health, &health->client, e);
}

enum err health_mqtt_new(const struct mqtt_options *options, const char *root, const struct health_target *target,
                         struct health_mqtt **ret, struct errbuf *e)
{
    auto_free(health_mqtt) health = calloc(1, sizeof *health);
    enum err err;
    if (!health)
        return err_set(e, ERR_NOMEM, "out of memory");
    health->target = target;
    health->state = STATE_UNANSWERED;
    if ((err = open_client(health, options, root, e)) != OK)
        return err;
    mqtt_client_connect(health->client);
    *ret = HAND_OVER(health);
    return OK;
}

void health_mqtt_free(struct health_mqtt *health)
{
    if (!health)
        return;
    mqtt_client_free(health->client);
    requester_clear(&health->requester);
    outbox_clear(&health->outbox);
    arena_clear(&health->arena);
    free(health);
}

bool health_mqtt_is_up(const struct health_mqtt *health)
{
    return health && health->link == LINK_UP;
}
