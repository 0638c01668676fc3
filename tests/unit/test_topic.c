#include "topic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define ROOT "skep/v1"
#define ID64 "a234567890123456789012345678901234567890123456789012345678901234"

static const struct {
    enum topic_kind kind;
    const char *text;
} every_kind[] = {
    { TOPIC_WORKER_HEARTBEAT, "skep/v1/hive/h1/worker/w1/heartbeat" },
    { TOPIC_WORKER_PRESENCE, "skep/v1/hive/h1/worker/w1/presence" },
    { TOPIC_WORKER_WITNESS, "skep/v1/hive/h1/worker/w1/witness" },
    { TOPIC_HIVE_HEARTBEAT, "skep/v1/hive/h1/heartbeat" },
    { TOPIC_HIVE_PRESENCE, "skep/v1/hive/h1/presence" },
    { TOPIC_QUEEN_PRESENCE, "skep/v1/queen/q1/presence" },
    { TOPIC_VERDICT, "skep/v1/queen/q1/verdict/h1/w1" },
    { TOPIC_HIVE_VERDICT, "skep/v1/queen/q1/hive-verdict/h1" },
    { TOPIC_QUEEN_SINCE, "skep/v1/queen/q1/since" },
    { TOPIC_EVENT, "skep/v1/queen/q1/event" },
    { TOPIC_WORKER_REQUEST, "skep/v1-rpc/hive/h1/worker/w1/beat" },
    { TOPIC_HIVE_REQUEST, "skep/v1-rpc/hive/h1/worker.list" },
    { TOPIC_QUEEN_REQUEST, "skep/v1-rpc/queen/q1/worker.get" },
    { TOPIC_REPLY, "skep/v1-rpc/reply/skep:q:q1" },
};

static struct topic topic_full(enum topic_kind kind)
{
    return (struct topic){ kind, .parts = { TEXT("h1"), TEXT("w1"), TEXT("q1"), TEXT("m1"), TEXT("c1") } };
}

static void every_kind_is_built_and_parsed(void **state)
{
    (void)state;
    assert_int_equal(ARRAY_LEN(every_kind), TOPIC_KIND_COUNT);
    for (size_t i = 0; i < ARRAY_LEN(every_kind); i++) {
        struct topic topic;
        char built[TOPIC_SIZE];
        assert_int_equal(every_kind[i].kind, i);
        if (topic_parse(ROOT, text_of(every_kind[i].text), &topic) != OK || topic.kind != every_kind[i].kind)
            fail_msg("%s is not parsed as what it is", every_kind[i].text);
        assert_int_equal(topic_build(ROOT, &topic, built), OK);
        assert_string_equal(built, every_kind[i].text);
    }
}

/* Parts that a kind does not have are absent after parsing, and are not looked at for building. */
static void parsing_agrees_with_building(void **state)
{
    (void)state;
    for (enum topic_kind kind = 0; kind < TOPIC_KIND_COUNT; kind++) {
        struct topic full = topic_full(kind), parsed;
        char built[TOPIC_SIZE], again[TOPIC_SIZE];
        assert_int_equal(topic_build(ROOT, &full, built), OK);
        assert_int_equal(topic_parse(ROOT, text_of(built), &parsed), OK);
        assert_int_equal(parsed.kind, kind);
        assert_int_equal(topic_build(ROOT, &parsed, again), OK);
        assert_string_equal(built, again);

        const struct text parts[] = { parsed.hive, parsed.worker, parsed.queen, parsed.method, parsed.client };
        static const char *const want[] = { "h1", "w1", "q1", "m1", "c1" };
        for (size_t i = 0; i < ARRAY_LEN(parts); i++)
            assert_int_equal(parts[i].at != NULL, strstr(built, want[i]) != NULL);
    }
}

static void what_is_no_topic_of_ours(void **state)
{
    const struct {
        const char *why;
        struct text topic;
        enum err want;
    } rows[] = {
        { "nothing", TEXT(""), ERR_TOPIC },
        { "absent", { NULL, 0 }, ERR_TOPIC },
        { "the root alone", TEXT("skep/v1"), ERR_TOPIC },
        { "the root with nothing below", TEXT("skep/v1/"), ERR_TOPIC },
        { "another root", TEXT("skep/v2/hive/h/presence"), ERR_TOPIC },
        { "a root that only begins like ours", TEXT("skep/v11/hive/h/presence"), ERR_TOPIC },
        { "a tree that only begins like the request tree", TEXT("skep/v1-rpcs/hive/h/health"), ERR_TOPIC },
        { "state below the request tree", TEXT("skep/v1-rpc/queen/q/verdict/h/w"), ERR_TOPIC },
        { "a reply below the state tree", TEXT("skep/v1/reply/c"), ERR_TOPIC },
        { "a request below the state tree", TEXT("skep/v1/hive/h/health"), ERR_TOPIC },
        { "an unknown leaf", TEXT("skep/v1/hive/h/worker/w/mood"), ERR_TOPIC },
        { "a leaf that only begins like one", TEXT("skep/v1/hive/h/worker/w/heartbeats"), ERR_TOPIC },
        { "a leaf cut short", TEXT("skep/v1/hive/h/worker/w/heartbea"), ERR_TOPIC },
        { "a level too many", TEXT("skep/v1/hive/h/worker/w/heartbeat/x"), ERR_TOPIC },
        { "a slash too many", TEXT("skep/v1/hive/h/worker/w/heartbeat/"), ERR_TOPIC },
        { "a level too few", TEXT("skep/v1/hive/h/worker/w"), ERR_TOPIC },
        { "ends within a part", TEXT("skep/v1/hive/h"), ERR_TOPIC },
        { "another case", TEXT("skep/v1/Hive/h/presence"), ERR_TOPIC },
        { "the leaf of a worker below a queen", TEXT("skep/v1/queen/q/witness"), ERR_TOPIC },
        { "a verdict without a worker", TEXT("skep/v1/queen/q/verdict/h"), ERR_TOPIC },
        { "a method of two levels", TEXT("skep/v1-rpc/hive/h/worker/list"), ERR_TOPIC },
        { "a reply of two levels", TEXT("skep/v1-rpc/reply/a/b"), ERR_TOPIC },
        { "an empty hive", TEXT("skep/v1/hive//presence"), ERR_ID },
        { "an empty worker", TEXT("skep/v1/hive/h/worker//presence"), ERR_ID },
        { "an empty method", TEXT("skep/v1-rpc/hive/h/"), ERR_ID },
        { "an empty client", TEXT("skep/v1-rpc/reply/"), ERR_ID },
        { "a wildcard for a worker", TEXT("skep/v1/hive/h/worker/+/presence"), ERR_ID },
        { "a bad character in a hive", TEXT("skep/v1/hive/h h/presence"), ERR_ID },
        { "a worker of 65 bytes", TEXT("skep/v1/hive/h/worker/" ID64 "x/presence"), ERR_ID },
        { "a worker of 64 bytes", TEXT("skep/v1/hive/h/worker/" ID64 "/presence"), OK },
        { "a client with a wildcard", TEXT("skep/v1-rpc/reply/a+b"), ERR_ID },
        { "a client with a control character", TEXT("skep/v1-rpc/reply/a\x01"), ERR_ID },
        { "a client with DEL", TEXT("skep/v1-rpc/reply/a\x7f"), ERR_ID },
        { "a client that is not UTF-8", TEXT("skep/v1-rpc/reply/a\xff"), ERR_ID },
        { "a client beyond ASCII", TEXT("skep/v1-rpc/reply/\xc3\xa4"), OK },
        { "a terminator inside", TEXT("skep/v1/hive/h\0/presence"), ERR_ID },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct topic topic = { .kind = TOPIC_KIND_COUNT };
        enum err err = topic_parse(ROOT, rows[i].topic, &topic);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_name(err));
        if ((err == OK) != (topic.kind != TOPIC_KIND_COUNT))
            fail_msg("%s: *ret is touched on failure only", rows[i].why);
    }
}

static void a_reply_client_has_256_bytes_at_most(void **state)
{
    char topic[400] = ROOT "-rpc/reply/", *client = topic + strlen(topic);
    struct topic parsed;
    (void)state;
    memset(client, 'c', 257);
    assert_int_equal(topic_parse(ROOT, text_of(topic), &parsed), ERR_ID);
    client[256] = '\0';
    assert_int_equal(topic_parse(ROOT, text_of(topic), &parsed), OK);
    assert_int_equal(parsed.client.len, 256);
}

static void filters_are_built_from_plus_signs(void **state)
{
    const struct {
        struct topic topic;
        const char *want;
    } rows[] = {
        { { TOPIC_WORKER_HEARTBEAT, .hive = TEXT("+"), .worker = TEXT("+") }, "skep/v1/hive/+/worker/+/heartbeat" },
        { { TOPIC_WORKER_PRESENCE, .hive = TEXT("h"), .worker = TEXT("+") }, "skep/v1/hive/h/worker/+/presence" },
        { { TOPIC_VERDICT, .queen = TEXT("+"), .hive = TEXT("h"), .worker = TEXT("w") },
          "skep/v1/queen/+/verdict/h/w" },
        { { TOPIC_QUEEN_REQUEST, .queen = TEXT("q"), .method = TEXT("+") }, "skep/v1-rpc/queen/q/+" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char built[TOPIC_SIZE];
        assert_int_equal(topic_build(ROOT, &rows[i].topic, built), OK);
        assert_string_equal(built, rows[i].want);
    }
}

static void what_cannot_be_built(void **state)
{
    static char long_root[TOPIC_SIZE];
    memset(long_root, 'r', sizeof long_root - 1);
    const struct {
        const char *why, *root;
        struct topic topic;
        enum err want;
    } rows[] = {
        { "a missing part", ROOT, { TOPIC_WORKER_HEARTBEAT, .hive = TEXT("h") }, ERR_TOPIC },
        { "a part with a slash", ROOT, { TOPIC_HIVE_PRESENCE, .hive = TEXT("h/x") }, ERR_ID },
        { "a part with a wildcard in it", ROOT, { TOPIC_HIVE_PRESENCE, .hive = TEXT("h+") }, ERR_ID },
        { "the wildcard of many levels", ROOT, { TOPIC_HIVE_PRESENCE, .hive = TEXT("#") }, ERR_ID },
        { "an empty part", ROOT, { TOPIC_HIVE_PRESENCE, .hive = TEXT("") }, ERR_ID },
        { "a client with a slash", ROOT, { TOPIC_REPLY, .client = TEXT("a/b") }, ERR_ID },
        { "no such kind", ROOT, { TOPIC_KIND_COUNT }, ERR_TOPIC },
        { "a root that leaves no room for the tree", long_root, { TOPIC_EVENT, .queen = TEXT("q") }, ERR_TOPIC },
        { "one that leaves no room for a literal", long_root + 2, { TOPIC_EVENT, .queen = TEXT("q") }, ERR_TOPIC },
        { "one that leaves no room for a part", long_root + 10, { TOPIC_EVENT, .queen = TEXT(ID64) }, ERR_TOPIC },
        { "one byte too long", long_root + 13, { TOPIC_EVENT, .queen = TEXT("q") }, ERR_TOPIC },
        { "fits exactly", long_root + 14, { TOPIC_EVENT, .queen = TEXT("q") }, OK },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char built[TOPIC_SIZE] = "untouched";
        enum err err = topic_build(rows[i].root, &rows[i].topic, built);
        if (err != rows[i].want)
            fail_msg("%s: %s", rows[i].why, err_name(err));
        if (err != OK && strcmp(built, "untouched") != 0)
            fail_msg("%s: ret was touched", rows[i].why);
        if (err == OK && strlen(built) != TOPIC_SIZE - 1)
            fail_msg("%s: %zu bytes", rows[i].why, strlen(built));
    }
}

static void roots_are_levels_of_id_characters(void **state)
{
    static char longest[TOPIC_ROOT_MAX + 1];
    memset(longest, 'r', sizeof longest);
    const struct {
        const char *why;
        struct text root;
        enum err want;
    } rows[] = {
        { "the default", TEXT("skep/v1"), OK },
        { "one level", TEXT("skep"), OK },
        { "many levels", TEXT("a/b-c/d_e/f.g/7"), OK },
        { "as long as allowed", { longest, TOPIC_ROOT_MAX }, OK },
        { "a byte longer", { longest, TOPIC_ROOT_MAX + 1 }, ERR_TOPIC },
        { "nothing", TEXT(""), ERR_TOPIC },
        { "absent", { NULL, 0 }, ERR_TOPIC },
        { "a slash first", TEXT("/skep"), ERR_TOPIC },
        { "a slash last", TEXT("skep/"), ERR_TOPIC },
        { "an empty level", TEXT("skep//v1"), ERR_TOPIC },
        { "a wildcard", TEXT("skep/+"), ERR_TOPIC },
        { "the other wildcard", TEXT("skep/#"), ERR_TOPIC },
        { "the broker's own tree", TEXT("$SYS/skep"), ERR_TOPIC },
        { "a blank", TEXT("my skep"), ERR_TOPIC },
        { "beyond ASCII", TEXT("b\xc3\xa4r"), ERR_TOPIC },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct errbuf e = { 0 };
        enum err err = topic_root_check(rows[i].root, &e);
        if (err != rows[i].want || (err != OK) != (e.text[0] != '\0'))
            fail_msg("%s: %s", rows[i].why, err_name(err));
    }
}

static void only_topics_below_reply_are_answered(void **state)
{
    static char longest[sizeof ROOT "-rpc/reply/" + 257] = ROOT "-rpc/reply/";
    memset(longest + strlen(longest), 'r', sizeof longest - 1 - strlen(longest));
    const struct {
        const char *why;
        struct text topic;
        bool want;
    } rows[] = {
        { "a client's", TEXT("skep/v1-rpc/reply/skep:q:q1"), true },
        { "deeper", TEXT("skep/v1-rpc/reply/me/42"), false },
        { "an empty level below", TEXT("skep/v1-rpc/reply/me/"), false },
        { "an empty level above", TEXT("skep/v1-rpc/reply//me"), false },
        { "nothing below", TEXT("skep/v1-rpc/reply/"), false },
        { "only the level above", TEXT("skep/v1-rpc/reply"), false },
        { "begins like it", TEXT("skep/v1-rpc/replying/x"), false },
        { "in the state tree", TEXT("skep/v1/reply/x"), false },
        { "a request", TEXT("skep/v1-rpc/hive/h/worker.stop"), false },
        { "another root", TEXT("other-rpc/reply/x"), false },
        { "a wildcard", TEXT("skep/v1-rpc/reply/+"), false },
        { "the other wildcard", TEXT("skep/v1-rpc/reply/a/#"), false },
        { "a terminator inside", TEXT("skep/v1-rpc/reply/a\0b"), false },
        { "a line break", TEXT("skep/v1-rpc/reply/a\n"), false },
        { "not UTF-8", TEXT("skep/v1-rpc/reply/\xc3"), false },
        { "absent", { NULL, 0 }, false },
        { "as long as a client id may be", { longest, sizeof longest - 2 }, true },
        { "a byte longer", { longest, sizeof longest - 1 }, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (topic_is_reply(ROOT, rows[i].topic) != rows[i].want)
            fail_msg("%s", rows[i].why);
}

static void addresses_are_one_per_id_and_client_ids_per_process(void **state)
{
    char address[ADDRESS_SIZE], id[CLIENT_ID_SIZE];
    (void)state;
    address_of("h1", "w1", NULL, address);
    assert_string_equal(address, "skep:w:h1:w1");
    address_of("h1", NULL, NULL, address);
    assert_string_equal(address, "skep:h:h1");
    address_of(NULL, NULL, "q1", address);
    assert_string_equal(address, "skep:q:q1");
    client_id_of("skep/v1", address, 0xab, id);
    assert_string_equal(id, "skep:q:q1:00000000000000ab");
    client_id_of("lab/a/skep", address, 0x0123456789abcdef, id); /* fleets that share a broker */
    assert_string_equal(id, "skep:q:q1:0123456789abcdef@lab:a:skep");
    address_of(ID64, ID64, NULL, address);
    assert_string_equal(address, "skep:w:" ID64 ":" ID64);
    client_id_of(ID64 ID64, address, 1, id);
    assert_string_equal(id, "skep:w:" ID64 ":" ID64 ":0000000000000001@" ID64 ID64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_built_and_parsed),
        cmocka_unit_test(parsing_agrees_with_building),
        cmocka_unit_test(what_is_no_topic_of_ours),
        cmocka_unit_test(a_reply_client_has_256_bytes_at_most),
        cmocka_unit_test(filters_are_built_from_plus_signs),
        cmocka_unit_test(what_cannot_be_built),
        cmocka_unit_test(roots_are_levels_of_id_characters),
        cmocka_unit_test(only_topics_below_reply_are_answered),
        cmocka_unit_test(addresses_are_one_per_id_and_client_ids_per_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
