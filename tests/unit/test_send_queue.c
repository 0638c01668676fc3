#include "send_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "keyed_hash.h"

static struct send_queue queue;

static int set_up(void **state)
{
    (void)state;
    keyed_hash_seed((struct siphash_key){ 5, 6 });
    queue = (struct send_queue){ 0 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    send_queue_clear(&queue);
    return 0;
}

/* `kind`: r retained, u urgent (a reply if it has no token), anything else an event. */
static void add_for(unsigned party, const char *topic, const char *payload, char kind, uint64_t token)
{
    struct publish publish = { .topic = topic,
                               .payload = text_of(payload),
                               .qos = 1,
                               .retain = kind == 'r',
                               .urgent = kind == 'u',
                               .token = token,
                               .party = party };
    assert_int_equal(send_queue_add(&queue, &publish), OK);
}

static void add(const char *topic, const char *payload, char kind, uint64_t token)
{
    add_for(0, topic, payload, kind, token);
}

/* The payloads of all that may be sent now, as one text; acknowledged at once if asked for. */
static const char *sent(bool acked)
{
    static char text[256];
    const struct queued *queued;
    size_t len = 0;
    text[0] = '\0';
    while ((queued = send_queue_next(&queue))) {
        len += (size_t)snprintf(text + len, sizeof text - len, "%.*s ", (int)queued->publish.payload.len,
                                queued->publish.payload.at);
        if (acked)
            (void)send_queue_acked(&queue, queued->number);
    }
    return text;
}

static void replies_that_nobody_takes_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < SEND_QUEUE_REPLIES + 5; i++)
        add("reply", "x", 'u', 0);
    assert_int_equal(queue.dropped, 5);
    add("request", "own", 'u', 7); /* one's own requests are not */
    assert_int_equal(queue.dropped, 5);
    for (int i = 0; i < 1 + SEND_QUEUE_INFLIGHT; i++) /* it goes first */
        (void)send_queue_acked(&queue, send_queue_next(&queue)->number);
    for (int i = 0; i < SEND_QUEUE_INFLIGHT; i++)
        add("reply", "y", 'u', 0);
    assert_int_equal(queue.dropped, 5); /* there is room again */
    send_queue_link_lost(&queue);
    assert_int_equal(queue.replies.count, 0);
}

static void what_is_in_flight_is_known_by_its_number(void **state)
{
    uint64_t number;
    (void)state;
    add("t/1", "a", 'r', 7);
    add("t/2", "b", 'e', 0);
    number = send_queue_next(&queue)->number;
    assert_string_equal(send_queue_inflight(&queue, number)->topic, "t/1");
    assert_null(send_queue_inflight(&queue, number + 1)); /* queued, but not in flight */
    assert_int_equal(send_queue_acked(&queue, number), 7);
    assert_null(send_queue_inflight(&queue, number));
}

static void messages_keep_their_order_but_requests_go_ahead(void **state)
{
    (void)state;
    add("a", "1", 'e', 0);
    add("b", "2", 'r', 0);
    add("c", "3", 'u', 1);
    add("d", "4", 'u', 2);
    add("e", "5", 'e', 0);
    assert_string_equal(sent(true), "3 4 1 2 5 ");
}

static void what_a_message_points_to_is_copied(void **state)
{
    char topic[] = "topic", payload[] = "payload", type[] = "type", reply[] = "reply", correlation[] = "12345678";
    struct publish publish = { .topic = topic,
                               .payload = { payload, 7 },
                               .qos = 1,
                               .urgent = true,
                               .content_type = type,
                               .expiry_s = 3,
                               .response_topic = reply,
                               .correlation = { correlation, 8 },
                               .token = 9 };
    const struct publish *kept;
    (void)state;
    assert_int_equal(send_queue_add(&queue, &publish), OK);
    memset(topic, 'z', 5);
    memset(payload, 'z', 7);
    memset(type, 'z', 4);
    memset(reply, 'z', 5);
    memset(correlation, 'z', 8);
    kept = &send_queue_next(&queue)->publish;
    assert_string_equal(kept->topic, "topic");
    assert_string_equal(kept->content_type, "type");
    assert_string_equal(kept->response_topic, "reply");
    assert_true(text_is(kept->payload, "payload"));
    assert_true(text_is(kept->correlation, "12345678"));
    assert_int_equal(kept->expiry_s, 3);
}

static void what_is_absent_stays_absent(void **state)
{
    const struct publish *kept;
    (void)state;
    assert_int_equal(send_queue_add(&queue, &(struct publish){ .topic = "t" }), OK);
    kept = &send_queue_next(&queue)->publish;
    assert_null(kept->payload.at);
    assert_null(kept->content_type);
    assert_null(kept->response_topic);
    assert_null(kept->correlation.at);
}

static void a_retained_message_replaces_an_older_one_that_waits(void **state)
{
    (void)state;
    add("a", "1", 'r', 0);
    add("b", "2", 'r', 0);
    add("a", "3", 'r', 0);
    assert_string_equal(sent(false), "2 3 ");
    add("a", "4", 'r', 0); /* 3 is on its way: 4 follows */
    assert_string_equal(sent(false), "4 ");
}

static void events_of_one_topic_are_all_sent(void **state)
{
    (void)state;
    add("a", "1", 'e', 0);
    add("a", "2", 'e', 0);
    assert_string_equal(sent(true), "1 2 ");
}

static void no_more_than_the_broker_grants_are_out(void **state)
{
    const struct queued *first;
    (void)state;
    for (int i = 0; i < SEND_QUEUE_INFLIGHT + 1; i++)
        add("a", "x", 'e', 100 + (uint64_t)i);
    first = send_queue_next(&queue);
    while (send_queue_next(&queue))
        ;
    assert_int_equal(queue.inflight_count, SEND_QUEUE_INFLIGHT);
    assert_int_equal(send_queue_acked(&queue, first->number), 100);
    assert_non_null(send_queue_next(&queue));
    assert_null(send_queue_next(&queue));
}

static void an_acknowledgement_gives_the_token_back_once(void **state)
{
    uint64_t number;
    (void)state;
    add("a", "x", 'u', 77);
    number = send_queue_next(&queue)->number;
    assert_int_equal(send_queue_acked(&queue, number + 1), 0);
    assert_int_equal(send_queue_acked(&queue, number), 77);
    assert_int_equal(send_queue_acked(&queue, number), 0);
    assert_int_equal(queue.inflight_count, 0);
}

static void what_could_not_be_handed_over_is_first_again(void **state)
{
    (void)state;
    add("a", "1", 'e', 0);
    add("b", "2", 'e', 0);
    send_queue_unsent(&queue, send_queue_next(&queue)->number);
    send_queue_unsent(&queue, 999);
    assert_string_equal(sent(true), "1 2 ");
}

static void a_newer_retained_message_stands_for_the_unsent_one(void **state)
{
    uint64_t number;
    (void)state;
    add("a", "1", 'r', 0);
    number = send_queue_next(&queue)->number;
    add("a", "2", 'r', 0);
    send_queue_unsent(&queue, number);
    assert_string_equal(sent(true), "2 ");
}

static void a_lost_link_voids_requests_and_keeps_the_rest_in_order(void **state)
{
    (void)state;
    add("a", "1", 'e', 0);
    add("b", "2", 'r', 0);
    add("c", "3", 'e', 0);
    add("d", "4", 'u', 5);
    assert_string_equal(sent(false), "4 1 2 3 ");
    add("e", "5", 'u', 6);
    add("f", "6", 'e', 0);
    send_queue_link_lost(&queue);
    assert_int_equal(queue.inflight_count, 0);
    assert_string_equal(sent(true), "1 2 3 6 ");
}

static void requests_to_one_do_not_hold_up_those_to_another(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 1000; i++)
        add_for(1, "hive/evil", "e", 'u', 1 + i);
    add_for(2, "hive/good", "g", 'u', 7);
    assert_string_equal(sent(false), "e g e e e e e e e e e e e e e e e e e e ");
}

static void add_request(const char *topic, const char *payload, uint64_t token)
{
    struct publish publish = {
        .topic = topic, .payload = text_of(payload), .qos = 1, .urgent = true, .response_topic = "me", .token = token
    };
    assert_int_equal(send_queue_add(&queue, &publish), OK);
}

/* Whose answer was waited for before is asked anew. */
static void a_request_replaces_an_older_one_that_waits(void **state)
{
    (void)state;
    add_request("w1/beat", "1", 1);
    add_request("w2/beat", "2", 2);
    add("w1/beat", "probe", 'u', 3);
    add_request("w1/beat", "4", 4);
    assert_string_equal(sent(true), "2 probe 4 ");
    add_request("w1/beat", "5", 5);
    assert_string_equal(sent(false), "5 ");
    add_request("w1/beat", "6", 6);
    send_queue_link_lost(&queue);
    assert_string_equal(sent(false), "");
}

/* Else one of the two would wait for its answer without end. */
static void requests_for_different_purposes_stand_side_by_side(void **state)
{
    const uint64_t other = UINT64_C(5) << 56;
    (void)state;
    add_request("h1/beat", "1", 1);
    add_request("h1/beat", "2", other | 2);
    add_request("h1/beat", "3", 3);
    assert_string_equal(sent(true), "2 3 ");
    add_request("h1/beat", "4", 4);
    add_request("h1/beat", "5", other | 5);
    add_request("h1/beat", "6", other | 6);
    assert_string_equal(sent(true), "4 6 ");
}

/* The requests of a flood of last wills do not hold up what is judged meanwhile. */
static void many_requests_leave_every_other_turn_to_others(void **state)
{
    (void)state;
    add("verdict", "v", 'r', 0);
    for (int i = 0; i < SEND_QUEUE_INFLIGHT; i++)
        add("request", "q", 'u', 1);
    assert_string_equal(sent(false), "q q q q q q q q q q q q q q q q q q q q ");
    send_queue_link_lost(&queue);
    add("event", "e", 'e', 0);
    for (int i = 0; i < 2 * SEND_QUEUE_INFLIGHT; i++)
        add("request", "q", 'u', 1);
    assert_string_equal(sent(false), "q v q e q q q q q q q q q q q q q q q q ");
}

/* However many replies there are, and however large. */
static void replies_and_what_is_published_have_half_each(void **state)
{
    static char large[10000];
    const char *text;
    (void)state;
    memset(large, 'x', sizeof large - 1);
    for (int i = 0; i < 4; i++) {
        add("reply", "r", 'u', 0);
        add("event", "e", 'e', 0);
    }
    assert_string_equal(sent(true), "r e r e r e r e ");
    for (int i = 0; i < 200; i++)
        add("event", "e", 'e', 0);
    add("reply", large, 'u', 0);
    add("reply", "r", 'u', 0);
    assert_int_equal(send_queue_next(&queue)->publish.payload.len, sizeof large - 1);
    text = sent(false);
    assert_string_equal(text, "e e e e e e e e e e e e e e e e e e e ");
}

/* The reply of one who asks little is kept, whoever asks much. */
static void who_has_most_replies_waiting_loses_one(void **state)
{
    static char large[1024 * 1024];
    const struct queued *queued;
    unsigned small = 0;
    (void)state;
    memset(large, 'x', sizeof large - 1);
    add_for(1, "reply/good", "1", 'u', 0);
    for (int i = 0; i < 100; i++)
        add_for(2, "reply/evil", large, 'u', 0);
    assert_in_range(queue.replies.cost, SEND_QUEUE_REPLY_BYTES / 2, SEND_QUEUE_REPLY_BYTES);
    add_for(1, "reply/good", "2", 'u', 0);
    for (int i = 0; i < 2 * SEND_QUEUE_REPLIES; i++)
        add_for(3, "reply/worse", "x", 'u', 0);
    add_for(1, "reply/good", "3", 'u', 0);
    assert_true(queue.replies.cost <= SEND_QUEUE_REPLY_BYTES);
    assert_true(queue.replies.count <= SEND_QUEUE_REPLIES);
    while ((queued = send_queue_next(&queue))) {
        small += strcmp(queued->publish.topic, "reply/good") == 0;
        (void)send_queue_acked(&queue, queued->number);
    }
    assert_int_equal(small, 3);
    assert_int_equal(queue.replies.cost, 0);
}

static void beyond_so_many_bytes_the_oldest_event_is_dropped(void **state)
{
    static char payload[65536];
    const struct queued *queued;
    unsigned events = 0, retained = 0, added = 0;
    (void)state;
    memset(payload, 'x', sizeof payload - 1);
    add("r", "retained", 'r', 0);
    add("e", "first", 'e', 0);
    for (; queue.dropped < 3; added++)
        assert_int_equal(
            send_queue_add(
                &queue, &(struct publish){ .topic = "e", .payload = text_of(payload), .qos = 1, .event = 100 + added }),
            OK);
    assert_int_equal(queue.lost.first, 100); /* the very first has no id */
    assert_int_equal(queue.lost.last, 101);
    assert_in_range(added, SEND_QUEUE_EVENT_BYTES / sizeof payload - 2, SEND_QUEUE_EVENT_BYTES / sizeof payload + 2);
    while ((queued = send_queue_next(&queue))) {
        if (queued->publish.retain)
            retained++;
        else if (events++ == 0)
            assert_int_equal(queued->publish.payload.len, sizeof payload - 1);
        (void)send_queue_acked(&queue, queued->number);
    }
    assert_int_equal(retained, 1);
    assert_int_equal(events, added - 2);
    assert_int_equal(queue.event_bytes, 0);
}

static void what_waits_is_freed(void **state)
{
    (void)state;
    add("a", "1", 'e', 0);
    add("b", "2", 'r', 0);
    add("c", "3", 'u', 0);
    (void)send_queue_next(&queue);
    send_queue_clear(&queue);
    assert_null(send_queue_next(&queue));
}

/* What one hive makes the queen publish delays neither the verdicts on others nor the events. */
static void retained_messages_take_turns_and_events_go_between(void **state)
{
    char topic[32], payload[32];
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(topic, sizeof topic, "loud/%u", i);
        snprintf(payload, sizeof payload, "l%u", i);
        add_for(1, topic, payload, 'r', 0);
    }
    add_for(2, "quiet", "q", 'r', 0);
    add("event", "e1", 'e', 0);
    add("event", "e2", 'e', 0);
    assert_int_equal(strncmp(sent(false), "l0 e1 q e2 l1 l2 ", 17), 0);
    send_queue_link_lost(&queue);
    assert_int_equal(strncmp(sent(false), "l0 e1 q e2 l1 l2 ", 17), 0); /* the same order again */
}

/* In turns while more of them wait than may be out at once; else in the order in which they came. */
static void few_retained_messages_are_sent_before_later_events(void **state)
{
    char topic[32];
    (void)state;
    for (unsigned many = 0; many < 2; many++) {
        for (unsigned i = 0; i < SEND_QUEUE_INFLIGHT + 2 * many; i++) {
            snprintf(topic, sizeof topic, "verdict/%u", i);
            add(topic, "v", 'r', 0);
        }
        add("event", "e", 'e', 0);
        assert_int_equal(strncmp(sent(true), many ? "v e v " : "v v v ", 6), 0);
    }
}

static void of_retained_messages_too_the_party_with_most_loses_its_oldest(void **state)
{
    static char large[64 * 1024 + 1];
    char topic[32];
    (void)state;
    memset(large, 'x', sizeof large - 1);
    add_for(2, "quiet", "q", 'r', 0);
    for (unsigned i = 0; i < SEND_QUEUE_STATE_BYTES / sizeof large + 10; i++) {
        snprintf(topic, sizeof topic, "loud/%u", i);
        add_for(1, topic, large, 'r', 0);
    }
    assert_in_range(queue.dropped, 10, 20);
    assert_string_equal(send_queue_next(&queue)->publish.topic, "quiet");
    assert_in_range(queue.states.cost, SEND_QUEUE_STATE_BYTES / 2, SEND_QUEUE_STATE_BYTES);
}

/* All verdicts name their event, whether it is sent or not. */
static void add_verdict(unsigned party, const char *topic, const char *verdict, uint64_t id)
{
    struct publish publish = {
        .topic = topic, .payload = text_of(verdict), .qos = 1, .retain = true, .event = id, .party = party
    };
    assert_int_equal(send_queue_add(&queue, &publish), OK);
}

static void add_change(unsigned party, const char *topic, const char *event, const char *verdict, uint64_t id)
{
    struct publish publish = { .topic = "event", .payload = text_of(event), .qos = 1, .event = id };
    assert_int_equal(send_queue_add(&queue, &publish), OK);
    add_verdict(party, topic, verdict, id);
}

/* A process that reads a verdict back takes its event for published, and one without the verdict is published again
 * with another id: so nothing goes between, whoever has his turn. */
static void a_verdict_follows_its_event_at_once(void **state)
{
    char topic[32];
    (void)state;
    for (unsigned i = 0; i < SEND_QUEUE_INFLIGHT; i++) {
        snprintf(topic, sizeof topic, "again/%u", i);
        add_for(1, topic, "a", 'r', 0);
    }
    add_change(2, "h2/w1", "e1", "v1", 1);
    add_change(3, "h3/w1", "e2", "v2", 2);
    add_change(2, "h2/w2", "e3", "v3", 3);
    assert_int_equal(strncmp(sent(true), "a e1 v1 e2 v2 a e3 v3 a a ", 26), 0);
}

/* ... also one that says more of the same, or is written again; and on the next link. */
static void a_later_verdict_waits_for_the_event_too(void **state)
{
    (void)state;
    add("event", "e0", 'e', 0);
    add_change(1, "h1/w1", "e1", "v1", 1);
    add_verdict(1, "h1/w1", "v1b", 1);
    add_change(1, "h1/w2", "e2", "v2", 2);
    assert_string_equal(sent(false), "e0 e1 v1b e2 v2 ");
    add_verdict(1, "h1/w1", "v1c", 1);
    send_queue_link_lost(&queue);
    assert_string_equal(sent(true), "e0 e1 v1c e2 v2 ");
}

/* ... and before another event is queued: then it, too, names the last one. */
static void the_last_of_several_verdicts_follows_their_event(void **state)
{
    char topic[32];
    (void)state;
    add_change(2, "h2/w1", "e1", "v1", 1);
    add_verdict(2, "h2/w1", "v1b", 1);
    assert_string_equal(sent(true), "e1 v1b ");
    for (unsigned i = 0; i <= SEND_QUEUE_INFLIGHT; i++) {
        snprintf(topic, sizeof topic, "again/%u", i);
        add_for(1, topic, "a", 'r', 0);
    }
    add_change(2, "h2/w1", "e2", "v2", 2);
    add_verdict(2, "h2/w1", "v2b", 2);
    add_verdict(2, "h2/w1", "v2c", 2);
    assert_int_equal(strncmp(sent(true), "a e2 v2c a a ", 13), 0);
}

static void an_event_is_not_sent_where_its_verdict_has_no_room(void **state)
{
    const struct queued *first;
    (void)state;
    for (unsigned i = 0; i + 1 < SEND_QUEUE_INFLIGHT; i++)
        add("event", "x", 'e', 0);
    add_change(1, "h1/w1", "e1", "v1", 1);
    first = send_queue_next(&queue);
    assert_int_equal(strlen(sent(false)), strlen("x ") * (SEND_QUEUE_INFLIGHT - 2));
    add("request", "q", 'u', 7);
    assert_string_equal(sent(false), "q ");
    (void)send_queue_acked(&queue, first->number);
    assert_string_equal(sent(false), "");
    (void)send_queue_acked(&queue, queue.inflight->number);
    assert_string_equal(sent(false), "e1 v1 ");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(replies_that_nobody_takes_are_bounded),
        TEST(what_is_in_flight_is_known_by_its_number),
        TEST(messages_keep_their_order_but_requests_go_ahead),
        TEST(what_a_message_points_to_is_copied),
        TEST(what_is_absent_stays_absent),
        TEST(a_retained_message_replaces_an_older_one_that_waits),
        TEST(events_of_one_topic_are_all_sent),
        TEST(no_more_than_the_broker_grants_are_out),
        TEST(an_acknowledgement_gives_the_token_back_once),
        TEST(what_could_not_be_handed_over_is_first_again),
        TEST(a_newer_retained_message_stands_for_the_unsent_one),
        TEST(a_lost_link_voids_requests_and_keeps_the_rest_in_order),
        TEST(requests_to_one_do_not_hold_up_those_to_another),
        TEST(a_request_replaces_an_older_one_that_waits),
        TEST(requests_for_different_purposes_stand_side_by_side),
        TEST(many_requests_leave_every_other_turn_to_others),
        TEST(replies_and_what_is_published_have_half_each),
        TEST(who_has_most_replies_waiting_loses_one),
        TEST(beyond_so_many_bytes_the_oldest_event_is_dropped),
        TEST(retained_messages_take_turns_and_events_go_between),
        TEST(few_retained_messages_are_sent_before_later_events),
        TEST(of_retained_messages_too_the_party_with_most_loses_its_oldest),
        TEST(a_verdict_follows_its_event_at_once),
        TEST(a_later_verdict_waits_for_the_event_too),
        TEST(the_last_of_several_verdicts_follows_their_event),
        TEST(an_event_is_not_sent_where_its_verdict_has_no_room),
        TEST(what_waits_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
