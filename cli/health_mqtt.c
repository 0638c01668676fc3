#include "health_mqtt.h"

#include <signal.h>
#include <stdio.h>

#include "clock.h"
#include "entropy.h"

#define RETRY_EVERY 200 /* ms between attempts to connect */
#define SUBSCRIBE_TOKEN 1

static void give_up(struct health_mqtt *health, const char *why)
{
    requester_cancel(&health->requester, &health->pending);
    health->result = err_set(&health->why, ERR_UNREACHABLE, "%s", why);
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
        health->result = OK;
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
    if (requester_send(&health->requester, &health->pending, &question, clock_mono(), &health->outbox) != OK ||
        !publish_all(health))
        give_up(health, "the request cannot be sent");
}

void health_mqtt_request(struct health_mqtt *health, ms_t until)
{
    health->until = until;
    health->result = ERR_STATE;
    if (health->is_up)
        send_request(health);
    else if (health->link_why.text[0])
        give_up(health, health->link_why.text);
}

static void on_down(void *user, const char *why)
{
    struct health_mqtt *health = user;
    health->is_up = false;
    text_to_printable(text_of(why), health->link_why.text, sizeof health->link_why.text);
    if (health->result == ERR_STATE)
        give_up(health, health->link_why.text);
}

static ms_t on_retry_in(void *user, ms_t lived)
{
    const struct health_mqtt *health = user;
    return lived < 0 && mqtt_client_has_more(health->client) ? 0 : RETRY_EVERY;
}

/* The broker handles packets in order: what is requested behind the SUBSCRIBE is answered to a subscriber. */
static void on_up(void *user, const char *broker, const struct link_facts *facts)
{
    struct health_mqtt *health = user;
    struct subscribe replies = { health->reply_topic, .qos = 1, .no_local = true, .retain_handling = 2,
                                 .token = SUBSCRIBE_TOKEN };
    (void)facts, (void)broker;
    if (mqtt_client_subscribe(health->client, &replies) != OK) {
        mqtt_client_drop(health->client, "cannot subscribe to replies");
        return;
    }
    health->is_up = true;
    if (health->result == ERR_STATE)
        send_request(health);
}

static void on_failed(void *user, const char *why)
{
    const struct health_mqtt *health = user;
    if (!mqtt_client_has_more(health->client))
        on_down(user, why);
}

static void on_subscribed(void *user, uint64_t token, uint8_t reason)
{
    (void)token;
    if (reason >= MQTT_FAILED)
        on_down(user, "the broker refuses the subscription to replies");
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
    if (requester_due(&health->requester, now, &health->outbox, &answer))
        take(health, &answer);
    else if (health->result == ERR_STATE && !requester_is_waiting(&health->pending) && now >= health->until)
        give_up(health, "no connection to the broker in time");
}

bool health_mqtt_is_connecting(const struct health_mqtt *health)
{
    return health->client && !health->is_up && !health->link_why.text[0];
}

/* Of the command's output it says that the reader has gone, of the broker's link nothing that is not known. */
static sigset_t only_sigpipe(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    return set;
}

static void block_sigpipe(struct health_mqtt *health)
{
    sigset_t set = only_sigpipe(), before;
    pthread_sigmask(SIG_BLOCK, &set, &before);
    health->blocks = !sigismember(&before, SIGPIPE);
}

static void unblock_sigpipe(struct health_mqtt *health)
{
    sigset_t set = only_sigpipe();
    if (!health->blocks)
        return;
    while (sigtimedwait(&set, NULL, &(struct timespec){ 0 }) == SIGPIPE)
        ;
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    health->blocks = false;
}

enum err health_mqtt_init(struct health_mqtt *health, const struct mqtt_options *given, const char *root,
                          const struct health_target *target, struct errbuf *e)
{
    struct mqtt_options options = *given;
    struct topic reply = { .kind = TOPIC_REPLY };
    struct siphash_key key;
    char client_id[CLIENT_ID_SIZE];
    uint64_t random;
    enum err err;
    *health = (struct health_mqtt){ .target = target, .result = ERR_UNREACHABLE };
    block_sigpipe(health);
    entropy_need(&random, sizeof random);
    entropy_need(&key, sizeof key);
    snprintf(client_id, sizeof client_id, "skep:c:%016llx", (unsigned long long)random);
    options.client_id = client_id;
    reply.client = text_of(client_id);
    if (health_target_topic(target, root, health->topic) != OK || topic_build(root, &reply, health->reply_topic) != OK)
        return err_set(e, ERR_SYNTAX, "--root %s: the topics get too long", root);
    requester_init(&health->requester, health->reply_topic, key, 0);
    if ((err = mqtt_client_new(&options, &events, health, &health->client, e)) == OK)
        mqtt_client_connect(health->client);
    return err;
}

void health_mqtt_clear(struct health_mqtt *health)
{
    mqtt_client_free(health->client);
    requester_clear(&health->requester);
    outbox_clear(&health->outbox);
    arena_clear(&health->arena);
    unblock_sigpipe(health);
}
