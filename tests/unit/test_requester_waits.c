/* How long a request is open: deadlines, the second time, late replies, the loss of the link. */
#include "requester_fixture.h"

static void requests_end_at_their_deadlines_in_order(void **state)
{
    struct answer answer;
    struct sent late = ask_nth(0, 2000), soon = ask_nth(1, 1000);
    (void)state;
    assert_false(requester_acked(&requester, soon.token, 0, NOW, &answer));
    assert_int_equal(requester_deadline(&requester), NOW + 1000);
    assert_false(due(NOW + 999, &answer));
    assert_true(due(NOW + 5000, &answer));
    assert_ptr_equal(answer.pending, soon.pending);
    assert_ptr_equal(answer.subject, soon.pending);
    assert_int_equal(answer.kind, ANSWER_NO_REPLY);
    assert_true(due(NOW + 5000, &answer));
    assert_ptr_equal(answer.pending, late.pending);
    has_ended(&soon);
    has_ended(&late);
}

static void a_reply_may_be_due_from_the_acknowledgement_on(void **state)
{
    struct answer answer;
    struct sent sent = ask(&pendings[0], &(struct question){ .deadline = MS_NEVER, .reply_timeout = 1000 });
    (void)state;
    assert_int_equal(requester_deadline(&requester), MS_NEVER); /* the link's loss ends it, if no PUBACK comes */
    assert_false(requester_acked(&requester, sent.token, 0, NOW + 500, &answer));
    assert_false(due(NOW + 1499, &answer));
    assert_true(due(NOW + 1500, &answer));
    assert_int_equal(answer.kind, ANSWER_NO_REPLY);
    has_ended(&sent);
    sent = ask(&pendings[0], &(struct question){ .deadline = NOW + 700, .reply_timeout = 1000 });
    assert_false(requester_acked(&requester, sent.token, 0, NOW + 500, &answer));
    assert_int_equal(requester_deadline(&requester), NOW + 700);
    assert_true(due(NOW + 700, &answer));
    has_ended(&sent);
}

static void without_a_subscriber_it_is_asked_twice(void **state)
{
    struct question question = {
        .payload = TEXT("{\"n\":1}"), .deadline = NOW + 5000, .retry = true, .retry_after = 250
    };
    struct answer answer;
    struct sent sent = ask(&pendings[0], &question);
    (void)state;
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW + 10, &answer));
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW + 11, &answer)); /* repeated */
    assert_int_equal(requester_deadline(&requester), NOW + 260);
    assert_false(due(NOW + 259, &answer));
    assert_null(outbox.first);
    assert_false(due(NOW + 260, &answer));
    assert_string_equal(published()->topic, "skep/v1-rpc/queen/q/health");
    assert_true(text_is(published()->payload, "{\"n\":1}"));
    assert_true(text_is(published()->correlation, sent.correlation));
    assert_int_equal(published()->token, sent.token);
    assert_true(requester_acked(&requester, sent.token, 0x10, NOW + 270, &answer));
    assert_int_equal(answer.kind, ANSWER_NO_SUBSCRIBER);
    assert_int_equal(answer.took, 270);
    has_ended(&sent);
}

static void the_second_time_it_may_be_answered(void **state)
{
    struct question question = { .deadline = MS_NEVER, .reply_timeout = 1000, .retry = true, .retry_after = 250 };
    struct answer answer;
    struct sent sent = ask(&pendings[0], &question);
    (void)state;
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW, &answer));
    assert_false(due(NOW + 250, &answer));
    assert_false(requester_acked(&requester, sent.token, 0, NOW + 260, &answer));
    assert_int_equal(requester_deadline(&requester), NOW + 1260);
    assert_true(reply(&sent, "{\"result\":{}}", &answer));
    has_ended(&sent);
}

static void a_deadline_does_not_wait_for_the_second_time(void **state)
{
    struct answer answer;
    struct sent sent =
        ask(&pendings[0], &(struct question){ .deadline = NOW + 100, .retry = true, .retry_after = 250 });
    (void)state;
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW, &answer));
    assert_true(due(NOW + 100, &answer));
    assert_null(outbox.first);
    assert_int_equal(answer.kind, ANSWER_NO_REPLY);
    has_ended(&sent);
}

static void a_late_reply_is_taken_for_a_while(void **state)
{
    struct question question = { .deadline = NOW + 5, .late = 1000 };
    struct answer answer;
    struct sent sent = ask(&pendings[0], &question);
    (void)state;
    assert_true(due(NOW + 5, &answer));
    assert_int_equal(answer.kind, ANSWER_NO_REPLY);
    assert_false(answer.late);
    assert_false(requester_is_waiting(sent.pending));
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW + 6, &answer));
    assert_true(requester_reply(&requester, text_of(sent.correlation), TEXT("{}"), NOW, &arena, &answer));
    assert_ptr_equal(answer.pending, sent.pending);
    assert_int_equal(answer.kind, ANSWER_GARBLED);
    assert_true(reply(&sent, "{\"result\":{}}", &answer));
    assert_true(answer.late);
    has_ended(&sent);

    sent = ask(&pendings[0], &question);
    assert_true(due(NOW + 5, &answer));
    assert_false(due(NOW + 1004, &answer));
    assert_false(due(NOW + 1005, &answer));
    has_ended(&sent);

    sent = ask(&pendings[0], &question);
    assert_true(due(NOW + 5, &answer));
    assert_false(requester_lost(&requester, NOW, &answer)); /* it was answered */
    has_ended(&sent);
}

/* Whoever is asked has only so much read, however many replies come. */
static void few_replies_are_read_and_no_large_ones(void **state)
{
    struct question question = { .deadline = NOW + 1000, .late = 1000, .reads = 32 };
    struct answer answer;
    struct sent sent = ask(&pendings[0], &question);
    (void)state;
    for (int i = 0; i < REQUESTER_REPLIES; i++) {
        const char *text = i % 2 ? "{\"result\":{\"a\":[0,0,0,0,0,0,0,0,0]}}" : "{\"result\":{\"a\":[0,0,0,0,0,0]}}";
        assert_true(requester_reply(&requester, text_of(sent.correlation), text_of(text), NOW, &arena, &answer));
        assert_int_equal(answer.kind, i % 2 ? ANSWER_GARBLED : ANSWER_RESULT);
    }
    assert_false(requester_reply(&requester, text_of(sent.correlation), TEXT("{}"), NOW, &arena, &answer));
    sent = ask(&pendings[0], &question); /* of the next request again */
    assert_true(reply(&sent, "{\"result\":{}}", &answer));
    has_ended(&sent);
}

static void what_is_no_longer_waited_for_may_still_be_answered(void **state)
{
    struct answer answer;
    struct sent sent = ask_nth(0, 1000);
    (void)state;
    requester_stop_waiting(&requester, sent.pending);
    assert_false(requester_is_waiting(sent.pending));
    assert_false(requester_acked(&requester, sent.token, 0x10, NOW, &answer));
    assert_int_equal(requester_deadline(&requester), MS_NEVER);
    assert_true(reply(&sent, "{\"result\":{}}", &answer));
    assert_true(answer.late);
    has_ended(&sent);
    requester_stop_waiting(&requester, sent.pending); /* not open */
    has_ended(&sent);
}

static void a_lost_link_ends_them_all(void **state)
{
    struct answer answer;
    struct sent one = ask_nth(0, 1000), two = ask_nth(1, 2000);
    (void)state;
    assert_true(requester_lost(&requester, NOW, &answer));
    assert_int_equal(answer.kind, ANSWER_LINK_LOST);
    assert_true(requester_lost(&requester, NOW, &answer));
    assert_false(requester_lost(&requester, NOW, &answer));
    has_ended(&one);
    has_ended(&two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_end_at_their_deadlines_in_order),
        TEST(a_reply_may_be_due_from_the_acknowledgement_on),
        TEST(without_a_subscriber_it_is_asked_twice),
        TEST(the_second_time_it_may_be_answered),
        TEST(a_deadline_does_not_wait_for_the_second_time),
        TEST(a_late_reply_is_taken_for_a_while),
        TEST(few_replies_are_read_and_no_large_ones),
        TEST(what_is_no_longer_waited_for_may_still_be_answered),
        TEST(a_lost_link_ends_them_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
