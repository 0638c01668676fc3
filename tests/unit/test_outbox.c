#include "outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void effects_keep_their_order(void **state)
{
    static const enum effect_kind want[] = { EFFECT_CONNECT, EFFECT_SUBSCRIBE, EFFECT_UNSUBSCRIBE, EFFECT_PUBLISH,
                                             EFFECT_NOTICE,  EFFECT_HTTP_GET,  EFFECT_EXIT,        EFFECT_DISCONNECT };
    struct publish publish = { .topic = "t" };
    struct subscribe subscribe = { .filter = "f" };
    struct outbox outbox;
    size_t i = 0;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_connect(&outbox, &publish);
    outbox_subscribe(&outbox, &subscribe);
    outbox_unsubscribe(&outbox, "f");
    outbox_publish(&outbox, &publish);
    outbox_notice(&outbox, "n");
    outbox_http_get(&outbox, "u", 1, 2);
    outbox_exit(&outbox, 6, "x");
    outbox_disconnect(&outbox);
    assert_false(outbox.failed);
    for (struct effect *effect = outbox.first; effect; effect = effect->next)
        assert_int_equal(effect->kind, want[i++]);
    assert_int_equal(i, ARRAY_LEN(want));
    outbox_clear(&outbox);
}

/* The caller's memory is overwritten before the effect is looked at. */
static void a_publish_is_copied_whole(void **state)
{
    char topic[] = "skep/v1/x", payload[] = "{\0}", type[] = "application/json", reply[] = "r",
         correlation[] = { 0, 1, 2 };
    struct publish publish = {
        .topic = topic,
        .payload = { payload, 3 },
        .qos = 1,
        .retain = true,
        .urgent = true,
        .content_type = type,
        .expiry_s = 120,
        .response_topic = reply,
        .correlation = { correlation, sizeof correlation },
        .token = 77,
    };
    struct outbox outbox;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_publish(&outbox, &publish);
    memset(topic, 'z', sizeof topic);
    memset(payload, 'z', sizeof payload);
    memset(type, 'z', sizeof type);
    memset(reply, 'z', sizeof reply);
    memset(correlation, 'z', sizeof correlation);
    memset(&publish, 'z', sizeof publish);

    const struct publish *kept = &outbox.first->publish;
    assert_string_equal(kept->topic, "skep/v1/x");
    assert_true(text_equal(kept->payload, TEXT("{\0}")));
    assert_int_equal(kept->qos, 1);
    assert_true(kept->retain && kept->urgent);
    assert_string_equal(kept->content_type, "application/json");
    assert_int_equal(kept->expiry_s, 120);
    assert_string_equal(kept->response_topic, "r");
    assert_true(text_equal(kept->correlation, TEXT("\0\1\2")));
    assert_int_equal(kept->token, 77);
    outbox_clear(&outbox);
}

static void what_is_absent_stays_absent(void **state)
{
    struct outbox outbox;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_publish(&outbox, &(struct publish){ .topic = "t" });
    assert_null(outbox.first->publish.payload.at);
    assert_null(outbox.first->publish.content_type);
    assert_null(outbox.first->publish.response_topic);
    assert_null(outbox.first->publish.correlation.at);
    outbox_publish(&outbox, &(struct publish){ .topic = "t", .payload = TEXT("") });
    assert_non_null(outbox.first->next->publish.payload.at);
    assert_int_equal(outbox.first->next->publish.payload.len, 0);
    outbox_clear(&outbox);
}

static void subscriptions_and_sentences_are_copied(void **state)
{
    char filter[] = "skep/v1/hive/+/presence", word[] = "down";
    struct outbox outbox;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_subscribe(&outbox, &(struct subscribe){ filter, 1, true, 2, 9 });
    outbox_unsubscribe(&outbox, filter);
    outbox_notice(&outbox, "link %s after %d s", word, 5);
    outbox_exit(&outbox, 6, "identity %s", word);
    memset(filter, 'z', sizeof filter);
    memset(word, 'z', sizeof word);

    const struct effect *effect = outbox.first;
    assert_string_equal(effect->subscribe.filter, "skep/v1/hive/+/presence");
    assert_int_equal(effect->subscribe.qos, 1);
    assert_true(effect->subscribe.no_local);
    assert_int_equal(effect->subscribe.retain_handling, 2);
    assert_int_equal(effect->subscribe.token, 9);
    effect = effect->next;
    assert_string_equal(effect->subscribe.filter, "skep/v1/hive/+/presence");
    effect = effect->next;
    assert_true(text_is(effect->text, "link down after 5 s"));
    effect = effect->next;
    assert_int_equal(effect->code, 6);
    assert_true(text_is(effect->text, "identity down"));
    outbox_clear(&outbox);
}

static void a_url_is_copied(void **state)
{
    char url[] = "http://192.0.2.7:8080";
    struct outbox outbox;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_http_get(&outbox, url, 77, 5000);
    memset(url, 'z', sizeof url);
    assert_string_equal(outbox.first->http_get.url, "http://192.0.2.7:8080");
    assert_int_equal(outbox.first->http_get.token, 77);
    assert_int_equal(outbox.first->http_get.timeout, 5000);
    outbox_clear(&outbox);
}

static void a_reset_forgets_everything(void **state)
{
    struct outbox outbox;
    (void)state;
    outbox = (struct outbox){ 0 };
    outbox_notice(&outbox, "one");
    outbox_reset(&outbox);
    assert_null(outbox.first);
    outbox_notice(&outbox, "two");
    assert_true(text_is(outbox.first->text, "two"));
    assert_null(outbox.first->next);
    outbox_clear(&outbox);
}

static void add_notice(struct outbox *outbox)
{
    outbox_notice(outbox, "%s", "a sentence that takes more than sixteen bytes");
}

static void add_exit(struct outbox *outbox)
{
    outbox_exit(outbox, 1, "%s", "a sentence that takes more than sixteen bytes");
}

static void add_publish(struct outbox *outbox)
{
    outbox_publish(outbox, &(struct publish){ .topic = "topic",
                                              .payload = TEXT("payload"),
                                              .content_type = "type",
                                              .response_topic = "reply",
                                              .correlation = TEXT("correlation") });
}

static void add_subscribe(struct outbox *outbox)
{
    outbox_subscribe(outbox, &(struct subscribe){ .filter = "filter" });
}

static void add_http_get(struct outbox *outbox)
{
    outbox_http_get(outbox, "http://192.0.2.7:8080/health", 1, 1);
}

static void add_disconnect(struct outbox *outbox)
{
    outbox_disconnect(outbox);
}

/* Wherever memory ends, the effect is in the list whole or not at all, and nothing comes after. */
static void running_out_of_memory_is_remembered(void **state)
{
    void (*const adds[])(struct outbox *) = { add_notice,    add_exit,     add_publish,
                                              add_subscribe, add_http_get, add_disconnect };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(adds); i++) {
        bool fits = false;
        for (size_t limit = 16; !fits; limit += 16) {
            struct outbox outbox;
            outbox = (struct outbox){ 0 };
            outbox.arena.limit = limit;
            adds[i](&outbox);
            fits = !outbox.failed;
            assert_int_equal(outbox.first != NULL, fits);
            outbox.arena.limit = fits ? 1 : 0;
            outbox_disconnect(&outbox);
            assert_true(outbox.failed);
            assert_true(!outbox.first || !outbox.first->next);
            outbox_reset(&outbox);
            assert_false(outbox.failed);
            outbox_clear(&outbox);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_keep_their_order),
        cmocka_unit_test(a_publish_is_copied_whole),
        cmocka_unit_test(what_is_absent_stays_absent),
        cmocka_unit_test(subscriptions_and_sentences_are_copied),
        cmocka_unit_test(a_url_is_copied),
        cmocka_unit_test(a_reset_forgets_everything),
        cmocka_unit_test(running_out_of_memory_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
