#include "health_mqtt.h"

#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "entropy.h"
#include "requester.h"

#define RETRY_EVERY 200 /* ms between attempts to connect */
#define SUBSCRIBE_TOKEN 1
#define REFUSED 0x80

enum link { LINK_PENDING, LINK_UP, LINK_FAILED };

struct health_mqtt {
    struct mqtt *mqtt;
    struct loop_timer *timer;
    struct requester requester;
    struct pending pending;
    struct outbox outbox;
    struct arena arena;
    const struct health_target *target;
    char topic[TOPIC_SIZE], reply_topic[TOPIC_SIZE];
    enum link link;
    char why[ERRBUF_SIZE]; /* of LINK_FAILED */
    bool wants_link;       /* asked, and waiting for the link */
    ms_t until;
    health_said *said;
    void *user;
};

static void say_nothing_came(struct health_mqtt *health, const char *why)
{
    loop_timer_in(health->timer, MS_NEVER);
    health->wants_link = false;
    health->said(health->user, NULL, why);
}

static const char *const phrases[] = {
    [ANSWER_GARBLED] = "the reply cannot be read",          [ANSWER_NO_SUBSCRIBER] = "no subscriber to its requests",
    [ANSWER_REFUSED] = "the broker refuses the request",    [ANSWER_NO_REPLY] = "no reply in time",
    [ANSWER_LINK_LOST] = "the link to the broker was lost",
};

static void take(struct health_mqtt *health, const struct answer *answer)
{
    struct health_answer said;
    struct errbuf e = { 0 };

    if (answer->kind == ANSWER_RESULT &&
        health_answer_read(answer->result, health->target->service_id, &said, &e) == OK) {
        loop_timer_in(health->timer, MS_NEVER);
        health->said(health->user, &said, NULL);
        return;
    }
    if (answer->kind == ANSWER_ERROR)
        (void)err_set(&e, OK, "refused: %s (%s)", answer->message, answer->code);
    say_nothing_came(health, e.text[0] ? e.text : phrases[answer->kind]);
}

/* The only thing it ever wants is one publish. */
static bool publish_all(struct health_mqtt *health)
{
    bool sent = !health->outbox.failed;

    for (const struct effect *effect = health->outbox.first; sent && effect; effect = effect->next)
        sent = mqtt_publish(health->mqtt, &effect->publish) == OK;
    outbox_reset(&health->outbox);
    return sent;
}

static void ask_now(struct health_mqtt *health)
{
    struct question question = { .topic = health->topic, .deadline = health->until };

    health->wants_link = false;
    if (requester_ask(&health->requester, &health->pending, &question, clock_mono(), &health->outbox) == OK &&
        publish_all(health))
        return;
    requester_cancel(&health->requester, &health->pending);
    say_nothing_came(health, "the request cannot be sent");
}

void health_mqtt_ask(struct health_mqtt *health, ms_t until)
{
    health->until = until;
    if (health->link == LINK_FAILED) {
        say_nothing_came(health, health->why);
        return;
    }
    loop_timer_in(health->timer, ms_max(until - clock_mono(), 0));
    if (health->link == LINK_UP)
        ask_now(health);
    else
        health->wants_link = true;
}

static void on_time(void *user)
{
    struct health_mqtt *health = user;
    struct answer answer;

    if (health->wants_link)
        say_nothing_came(health, "no connection to the broker in time");
    else if (requester_due(&health->requester, ms_max(clock_mono(), health->until), &health->outbox, &answer))
        take(health, &answer);
}

static void fail_link(struct health_mqtt *health, const char *why)
{
    struct answer answer;

    health->link = LINK_FAILED;
    text_to_printable(text_of(why), health->why, sizeof(health->why));
    if (health->wants_link)
        say_nothing_came(health, health->why);
    else if (requester_lost(&health->requester, clock_mono(), &answer))
        take(health, &answer);
}

static ms_t on_retry_in(void *user, ms_t lived)
{
    (void)user, (void)lived;
    return RETRY_EVERY;
}

/* The broker handles packets in order: what is asked behind the SUBSCRIBE is answered to a subscriber. */
static void on_up(void *user)
{
    struct health_mqtt *health = user;
    struct subscribe replies = { health->reply_topic, .qos = 1, .no_local = true, .retain_handling = 2,
                                 .token = SUBSCRIBE_TOKEN };

    if (mqtt_subscribe(health->mqtt, &replies) != OK) {
        mqtt_drop(health->mqtt, "cannot subscribe to replies");
        return;
    }
    health->link = LINK_UP;
    if (health->wants_link)
        ask_now(health);
}

static void on_link_lost(void *user, const char *why)
{
    fail_link(user, why);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    (void)token;
    if (reason >= REFUSED)
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
    .down = on_link_lost,
    .failed = on_link_lost,
    .message = on_message,
    .acked = on_acked,
    .subscribed = on_subscribed,
};

static enum err build_topics(struct health_mqtt *health, const char *root, const char *client_id)
{
    struct topic reply = { .kind = TOPIC_REPLY, .client = text_of(client_id) };
    enum err err = health_target_topic(health->target, root, health->topic);

    return err ? err : topic_build(root, &reply, health->reply_topic);
}

static enum err connect_to(struct health_mqtt *health, struct loop *loop, const struct mqtt_options *given,
                           const char *root, struct errbuf *e)
{
    struct mqtt_options options = *given;
    struct siphash_key key;
    char client_id[CLIENT_ID_SIZE];
    uint64_t random;

    entropy_need(&random, sizeof(random));
    entropy_need(&key, sizeof(key));
    snprintf(client_id, sizeof(client_id), "skep:c:%016llx", (unsigned long long)random);
    options.client_id = client_id;
    if (build_topics(health, root, client_id) != OK)
        return err_set(e, ERR_SYNTAX, "--root %s: the topics get too long", root);
    requester_init(&health->requester, health->reply_topic, key, 0);
    if (loop_timer_new(loop, on_time, health, &health->timer) != OK)
        return err_set(e, ERR_NOMEM, "out of memory");
    return mqtt_new(loop, &options, &events, health, &health->mqtt, e);
}

enum err health_mqtt_new(struct loop *loop, const struct mqtt_options *options, const char *root,
                         const struct health_target *target, health_said *said, void *user, struct health_mqtt **ret,
                         struct errbuf *e)
{
    auto_free(health_mqtt) health = calloc(1, sizeof(*health));

    if (!health)
        return err_set(e, ERR_NOMEM, "out of memory");
    outbox_init(&health->outbox);
    arena_init(&health->arena, 0);
    health->target = target;
    health->said = said;
    health->user = user;
    enum err err = connect_to(health, loop, options, root, e);
    if (err)
        return err;
    mqtt_start(health->mqtt);
    *ret = health;
    health = NULL;
    return OK;
}

void health_mqtt_free(struct health_mqtt *health)
{
    if (!health)
        return;
    mqtt_free(health->mqtt);
    loop_timer_free(health->timer);
    requester_clear(&health->requester);
    outbox_clear(&health->outbox);
    arena_clear(&health->arena);
    free(health);
}

bool health_mqtt_is_up(const struct health_mqtt *health)
{
    return health && health->link == LINK_UP;
}
