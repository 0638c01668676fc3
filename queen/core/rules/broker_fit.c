#include "broker_fit.h"

#include <stdio.h>

#include "codec.h"
#include "outbox.h"

#define PACKET_NEEDED 2048        /* a verdict with long names, or a birth */
#define PACKET_WANTED (20 * 1024) /* the largest heartbeat, with its topic */
#define RECEIVE_WANTED 20         /* as many as are sent at once (send_queue.h), and mosquitto's default */
#define PROBE_TIMEOUT_MS 2000
#define PROBES 3

static bool no_wildcards(const struct broker_fit *fit)
{
    return fit->facts.no_wildcards;
}

static bool qos0_only(const struct broker_fit *fit)
{
    return fit->facts.qos0_only;
}

static bool packets_too_small(const struct broker_fit *fit)
{
    return fit->facts.packet_max > 0 && fit->facts.packet_max < PACKET_NEEDED;
}

static bool all_refused(const struct broker_fit *fit)
{
    return fit->refused > 0 && fit->granted == 0;
}

static bool some_refused(const struct broker_fit *fit)
{
    return fit->refused > 0;
}

static bool no_retain(const struct broker_fit *fit)
{
    return fit->facts.no_retain;
}

static bool not_delivered(const struct broker_fit *fit)
{
    return fit->is_undelivered;
}

static bool packets_small(const struct broker_fit *fit)
{
    return fit->facts.packet_max > 0 && fit->facts.packet_max < PACKET_WANTED;
}

static bool few_at_once(const struct broker_fit *fit)
{
    return fit->facts.receive_max > 0 && fit->facts.receive_max < RECEIVE_WANTED;
}

#define NOT_BEFORE_THEIR_NEXT "so a queen that starts knows workers only from their next heartbeat on: "
#define CHECK_ACL "check its ACL (broker-config/roles/queen)"
#define RAISE_PACKETS "raise its limit to 64 KiB (mosquitto: max_packet_size 65536)"

/* The gravest first. */
static const struct lack {
    bool (*is)(const struct broker_fit *fit);
    enum health_status status;
    const char *text;
    const char *rest; /* behind the filter that is refused, each of which is logged when it is; NULL: `text` is all */
} lacks[] = {
    { no_wildcards, HEALTH_FAIL, "the broker allows no wildcards in subscriptions, so no worker is seen: allow them" },
    { qos0_only, HEALTH_FAIL,
      "the broker offers only QoS 0, so nothing is acknowledged: allow QoS 1 (mosquitto: max_qos 1)" },
    { packets_too_small, HEALTH_FAIL, "the broker takes no packets of 2 KiB, so verdicts are refused: " RAISE_PACKETS },
    { all_refused, HEALTH_FAIL, "the broker refuses all subscriptions to workers and hives, first to ",
      ", so no worker is seen: " CHECK_ACL },
    { some_refused, HEALTH_WARN, "the broker refuses the subscription to ", ": " CHECK_ACL },
    { no_retain, HEALTH_WARN,
      "the broker offers no retained messages, " NOT_BEFORE_THEIR_NEXT
      "allow them (mosquitto: retain_available true)" },
    { not_delivered, HEALTH_WARN,
      "the broker sends no retained messages to subscriptions with wildcards, " NOT_BEFORE_THEIR_NEXT
      "allow it, or use another broker" },
    { packets_small, HEALTH_WARN,
      "the broker takes no packets of 20 KiB, so large heartbeats come without metrics and labels: " RAISE_PACKETS },
    { few_at_once, HEALTH_PASS,
      "the broker takes fewer than 20 messages at once, so requests and verdicts wait for each other: raise its "
      "Receive Maximum (mosquitto: max_inflight_messages 20)" },
};

enum health_status broker_fit(const struct queen *queen, struct errbuf *ret)
{
    for (const struct lack *lack = lacks; lack < lacks + ARRAY_LEN(lacks); lack++)
        if (lack->status != HEALTH_PASS && lack->is(&queen->fit)) {
            (void)err_set(ret, OK, "%s%s%s", lack->text, lack->rest ? queen->fit.refused_filter : "",
                          lack->rest ? lack->rest : "");
            return lack->status;
        }
    return HEALTH_PASS;
}

/* Each when it begins: also on a later link, but not on each. */
static void log_news(struct queen *queen)
{
    struct broker_fit *fit = &queen->fit;
    for (size_t i = 0; i < ARRAY_LEN(lacks); i++) {
        bool is = !lacks[i].rest && lacks[i].is(fit);
        if (is && !(fit->logged & 1u << i))
            outbox_notice_always(queen->out, "%s", lacks[i].text);
        fit->logged = is ? fit->logged | 1u << i : fit->logged & ~(1u << i);
    }
}

void broker_fit_subscribed(struct queen *queen, const char *filter, uint8_t reason)
{
    struct broker_fit *fit = &queen->fit;
    if (reason < MQTT_FAILED) {
        fit->granted++;
        return;
    }
    if (fit->refused++ == 0)
        snprintf(fit->refused_filter, sizeof fit->refused_filter, "%s", filter);
    outbox_notice(queen->out, "the broker refuses the subscription to %s (reason 0x%02x): " CHECK_ACL, filter, reason);
}

/* All queens' presence: a wildcard, where one's own birth is stored. */
static bool probe_filter(const struct queen *queen, char ret[TOPIC_SIZE])
{
    struct topic topic = { .kind = TOPIC_QUEEN_PRESENCE, .queen = TEXT("+") };
    return topic_build(queen->options.root, &topic, ret) == OK;
}

static void probe(struct queen *queen)
{
    struct broker_fit *fit = &queen->fit;
    char filter[TOPIC_SIZE];
    if (!probe_filter(queen, filter))
        return;
    fit->probes++;
    fit->probe_due = queen->now + PROBE_TIMEOUT_MS;
    outbox_subscribe(queen->out, &(struct subscribe){ .filter = filter, .token = queen_token(queen, TOKEN_FIT) });
}

static void end_probe(struct queen *queen, bool is_undelivered)
{
    char filter[TOPIC_SIZE];
    queen->fit.probe_due = MS_NEVER;
    queen->fit.is_undelivered = is_undelivered;
    if (probe_filter(queen, filter))
        outbox_unsubscribe(queen->out, filter);
    log_news(queen);
}

static bool is_probing(const struct queen *queen)
{
    return queen->fit.probes > 0 && queen->fit.probe_due != MS_NEVER;
}

/* The subscription without a wildcard is older than this connection's birth. */
void broker_fit_presence(struct queen *queen, struct text id, const struct message *message)
{
    const struct presence *self = &queen->member.self;
    struct presence presence;
    presence_init(&presence);
    if (is_probing(queen) && message->retain && text_is(id, queen->options.id) &&
        presence_decode(&queen->arena, message->payload, &presence, NULL) == OK && presence.session == self->session &&
        presence.connection == self->connection)
        end_probe(queen, false);
}

static void tick(struct queen *queen)
{
    struct broker_fit *fit = &queen->fit;
    if (fit->probes == 0 && queen_sees(queen) && queen->member.is_online && !fit->facts.no_retain)
        probe(queen);
    else if (!is_probing(queen) || queen->now < fit->probe_due)
        return;
    else if (fit->probes < PROBES)
        probe(queen);
    else
        end_probe(queen, true);
}

static void link_up(struct queen *queen, const struct link_facts *facts)
{
    unsigned logged = queen->fit.logged;
    queen->fit = (struct broker_fit){ .facts = facts ? *facts : (struct link_facts){ 0 },
                                      .logged = logged,
                                      .probe_due = MS_NEVER };
    log_news(queen);
}

void broker_fit_step(struct queen *queen, const struct input *input)
{
    if (input->kind == INPUT_LINK_UP)
        link_up(queen, input->facts);
    else if (input->kind == INPUT_LINK_DOWN || input->kind == INPUT_LINK_FAILED)
        snprintf(queen->fit.why, sizeof queen->fit.why, "%s", input->why ? input->why : "");
    else if (input->kind == INPUT_SUBSCRIBED && token_kind(input->token) == TOKEN_FIT && input->reason >= MQTT_FAILED)
        end_probe(queen, false); /* it may not know */
    else if (input->kind == INPUT_TICK)
        tick(queen);
    if (input->kind == INPUT_LINK_DOWN)
        queen->fit.probe_due = MS_NEVER;
}

ms_t broker_fit_deadline(const struct queen *queen)
{
    return is_probing(queen) ? queen->fit.probe_due : MS_NEVER;
}
