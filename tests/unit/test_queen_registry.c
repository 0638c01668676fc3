#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "document_store.h"
#include "keyed_hash.h"
#include "rations.h"

static struct registry registry;

static int set_up(void **state)
{
    (void)state;
    keyed_hash_seed((struct siphash_key){ 3, 4 });
    registry_init(&registry, 1000, 4096);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    registry_clear(&registry);
    return 0;
}

static struct record *add(const char *hive, const char *worker)
{
    struct record *record = NULL;
    assert_int_equal(registry_add(&registry, text_of(hive), text_of(worker), &record), OK);
    return record;
}

static void a_worker_is_found_by_hive_and_name(void **state)
{
    struct record *a = add("h1", "w1"), *b = add("h2", "w1"), *c = add("h1", "w2");
    (void)state;
    assert_ptr_equal(registry_find(&registry, TEXT("h1"), TEXT("w1")), a);
    assert_ptr_equal(registry_find(&registry, TEXT("h2"), TEXT("w1")), b);
    assert_ptr_equal(registry_find(&registry, TEXT("h1"), TEXT("w2")), c);
    assert_null(registry_find(&registry, TEXT("h2"), TEXT("w2")));
    assert_null(registry_find(&registry, TEXT("h1w"), TEXT("1")));
    assert_string_equal(record_hive(b), "h2");
    assert_string_equal(record_worker(b), "w1");
    assert_int_equal(registry.count, 3);
    assert_int_equal(registry.counts[STATE_NONE], 3);
}

static void a_name_too_long_is_nobodys(void **state)
{
    char name[NAME_MAX_LEN + 1];
    (void)state;
    memset(name, 'a', sizeof name);
    add("h1", "w1");
    assert_null(registry_find(&registry, TEXT("h1"), (struct text){ name, sizeof name }));
    assert_null(registry_find(&registry, (struct text){ name, sizeof name }, TEXT("w1")));
}

static size_t namesakes(const char *name)
{
    size_t count = 0;
    for (struct record *record = registry_find_name(&registry, text_of(name)); record;
         record = name_index_next(&registry.by[NAME_OF_WORKER], record))
        count++;
    return count;
}

/* Whichever of them goes first, the others are still found by name. */
static void namesakes_hang_together(void **state)
{
    (void)state;
    for (size_t gone = 0; gone < 3; gone++) {
        struct record *records[] = { add("h1", "w1"), add("h2", "w1"), add("h3", "w1") };
        struct record *other = add("h1", "w2");
        assert_int_equal(namesakes("w1"), 3);
        registry_remove(&registry, records[gone]);
        assert_int_equal(namesakes("w1"), 2);
        registry_remove(&registry, records[(gone + 1) % 3]);
        assert_ptr_equal(registry_find_name(&registry, TEXT("w1")), records[(gone + 2) % 3]);
        assert_int_equal(namesakes("w1"), 1);
        registry_remove(&registry, records[(gone + 2) % 3]);
        assert_null(registry_find_name(&registry, TEXT("w1")));
        registry_remove(&registry, other);
        assert_int_equal(registry.count, 0);
    }
}

static void no_more_than_its_limit(void **state)
{
    struct record *record, *refused = NULL;
    (void)state;
    registry.max_count = 2;
    record = add("h1", "w1");
    add("h1", "w2");
    assert_int_equal(registry_add(&registry, TEXT("h1"), TEXT("w3"), &refused), ERR_FULL);
    assert_null(refused);
    registry_remove(&registry, record);
    add("h1", "w3");
}

#define MAX (10 * RATION_ENDS_PART)
#define SLACK 10

static void add_some(const char *hive, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        add(hive, name);
    }
}

static void end_some(const char *hive, int from, int count)
{
    for (int i = from; i < from + count; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        assert_int_equal(registry_end(&registry, registry_find(&registry, text_of(hive), text_of(name))), OK);
    }
}

/* A few may wait beside as many as there may be; those beyond take from what their own hive may have. */
static void an_end_that_waits_counts_as_one_of_its_hive(void **state)
{
    const struct pressure *pressure = &registry.pressure[PRESSURE_WORKERS];
    struct record *first;
    (void)state;
    registry.max_count = MAX;
    add_some("evil", 0, MAX - 10);
    add_some("a", 0, 10);
    end_some("evil", 0, SLACK);
    first = registry_find_ended(&registry, TEXT("evil"), TEXT("w0"));
    assert_false(registry_is_full(&registry, false));
    add_some("evil", MAX, SLACK);
    end_some("evil", 50, 5);
    end_some("a", 0, 3);
    assert_true(registry_is_full(&registry, false));
    assert_null(registry_victim(&registry, TEXT("evil"), TEXT("new"), 0));
    assert_int_equal(pressure->refused, 1);
    assert_string_equal(pressure->hive, "evil");
    assert_ptr_equal(registry_victim(&registry, TEXT("a"), TEXT("new"), 0), first);
    assert_ptr_equal(registry_victim(&registry, TEXT("new"), TEXT("new"), 0), first);
    assert_int_equal(pressure->evicted, 0);
    registry_remove(&registry, first);
    assert_false(registry_is_full(&registry, false));
}

/* The share of a hive lasts as long as an end of it waits, and counts nothing else. */
static void an_end_counts_as_nothing_else(void **state)
{
    const struct share *share;
    (void)state;
    add_some("a", 0, 1);
    end_some("a", 0, 1);
    share = share_find(&registry.shares, TEXT("a"));
    assert_int_equal(share_workers(share) + share_established(share) + share->has[RATION_WEAK], 0);
    assert_int_equal(share->has[RATION_ENDS], 1);
    registry_remove(&registry, registry_find_ended(&registry, TEXT("a"), TEXT("w0")));
    assert_null(share_find(&registry.shares, TEXT("a")));
}

/* The end of a hive makes room for any other hive. */
static void hives_have_ends_of_their_own(void **state)
{
    struct record *hive = NULL;
    (void)state;
    registry.max_count = 1;
    assert_int_equal(registry_add(&registry, TEXT("a"), (struct text){ 0 }, &hive), OK);
    assert_int_equal(registry_end(&registry, hive), OK);
    assert_true(registry_is_full(&registry, true));
    assert_false(registry_is_full(&registry, false));
    assert_ptr_equal(registry_victim(&registry, TEXT("b"), (struct text){ 0 }, 0), hive);
    registry_remove(&registry, hive);
    assert_false(registry_is_full(&registry, true));
}

static void the_order_is_that_of_first_sight(void **state)
{
    char name[16];
    uint32_t number = 0;
    size_t count = 0;
    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "w%d", i * 37 % 100);
        add("h1", name);
    }
    for (size_t i = 0; i < registry.roll.count; i++, count++) {
        assert_true(registry.roll.entries[i].number > number);
        number = registry.roll.entries[i].number;
    }
    assert_int_equal(count, 100);
}

static enum err store(struct record *record, size_t len)
{
    char document[4096];
    memset(document, 'x', sizeof document);
    return document_store_heartbeat(&registry, record, (struct text){ document, len }, &LOAD_NONE);
}

static void documents_are_copied_and_counted(void **state)
{
    struct record *record = add("h1", "w1");
    char document[] = "{\"status\":\"idle\"}";
    (void)state;
    assert_int_equal(document_store_heartbeat(&registry, record, text_of(document), &LOAD_NONE), OK);
    memset(document, 'z', sizeof document - 1);
    assert_string_equal(record->document->text, "{\"status\":\"idle\"}");
    assert_int_equal(document_text(record->document).len, 17);
    assert_int_equal(registry.document_bytes, record->document->size);
    registry_remove(&registry, record);
    assert_int_equal(registry.document_bytes, 0);
}

static void a_document_keeps_its_room_while_it_fits(void **state)
{
    struct record *record = add("h1", "w1");
    const char *room;
    (void)state;
    assert_int_equal(store(record, 400), OK);
    room = record->document->text;
    assert_int_equal(store(record, 398), OK);
    assert_int_equal(store(record, 120), OK);
    assert_ptr_equal(record->document->text, room);
    assert_int_equal(record->document->size, registry.document_bytes);
    assert_int_equal(store(record, 40), OK); /* less than a quarter: the room is given back */
    assert_true(record->document->size < 100);
    assert_int_equal(store(record, 2000), OK);
    assert_int_equal(record->document->size, registry.document_bytes);
}

static void documents_have_a_limit_in_all(void **state)
{
    struct record *first = add("h1", "w1"), *second = add("h1", "w2");
    (void)state;
    assert_int_equal(store(first, 3000), OK);
    assert_int_equal(store(second, 3000), ERR_FULL);
    assert_null(second->document);
    assert_int_equal(store(second, 1000), OK);
    assert_int_equal(store(second, 2000), ERR_FULL);
    assert_null(second->document); /* the old one would pass for what it says now */
    assert_int_equal(second->dropped, RECORD_HEARTBEAT);
    assert_int_equal(store(first, 100), OK);
    assert_int_equal(store(second, 2000), OK);
    assert_int_equal(second->dropped, 0);
}

/* Senders make words up: what nobody says any more must not fill the table. */
static void words_of_who_is_gone_are_let_go(void **state)
{
    struct record *first = add("h1", "w1"), *second = add("h1", "w2");
    struct load load = LOAD_NONE;
    (void)state;
    load.status = "idle";
    load.model = "llama";
    assert_int_equal(document_store_heartbeat(&registry, first, TEXT("{}"), &load), OK);
    load.model = "phi";
    assert_int_equal(document_store_heartbeat(&registry, second, TEXT("{}"), &load), OK);
    assert_int_equal(registry.words.count, 3);
    registry_remove(&registry, first);
    assert_int_equal(registry.words.count, 2);
    assert_string_equal(intern_text(&registry.words, roll_entry_of(&registry.roll, second)->status), "idle");
    registry_remove(&registry, second);
    assert_int_equal(registry.words.count, 0);
}

static const struct word_use *use_of(unsigned number)
{
    return intern_use(&registry.words, number);
}

/* Of each model and version, whoever comes, changes and goes; queues are of those who are online. */
static void workers_are_counted_by_model_and_version(void **state)
{
    struct record *a = add("h1", "a"), *b = add("h1", "b");
    struct load load = LOAD_NONE;
    unsigned llama;
    (void)state;
    assert_int_equal(use_of(0)->models[STATE_NONE], 2); /* none of them has said one */
    load.model = "llama";
    load.version = "1.0";
    load.numbers.queue_depth = 7;
    assert_int_equal(document_store_heartbeat(&registry, a, TEXT("{}"), &load), OK);
    registry_set_state(&registry, a, STATE_ONLINE);
    registry_set_state(&registry, b, STATE_ONLINE);
    load.numbers.queue_depth = 16777216;
    assert_int_equal(document_store_heartbeat(&registry, b, TEXT("{}"), &load), OK);
    llama = roll_entry_of(&registry.roll, a)->model;
    assert_int_equal(use_of(llama)->models[STATE_ONLINE], 2);
    assert_int_equal(use_of(a->version)->versions[STATE_ONLINE], 2);
    assert_int_equal(use_of(llama)->queue_depth, 16777223);
    registry_set_state(&registry, b, STATE_STALE);
    assert_int_equal(use_of(llama)->models[STATE_ONLINE], 1);
    assert_int_equal(use_of(llama)->models[STATE_STALE], 1);
    assert_int_equal(use_of(llama)->queue_depth, 7);
    load.model = "phi";
    load.numbers.queue_depth = NAN;
    assert_int_equal(document_store_heartbeat(&registry, a, TEXT("{}"), &load), OK);
    assert_int_equal(use_of(llama)->models[STATE_ONLINE], 0);
    assert_int_equal(use_of(llama)->queue_depth, 0);
    assert_int_equal(use_of(a->version)->versions[STATE_ONLINE], 1);
    registry_remove(&registry, b);
    assert_null(use_of(llama)); /* nobody has it any more */
    registry_remove(&registry, a);
    assert_int_equal(use_of(0)->models[STATE_NONE] + use_of(0)->models[STATE_ONLINE], 0);
    assert_int_equal(registry.words.count, 0);
}

static void states_are_counted(void **state)
{
    struct record *record = add("h1", "w1");
    (void)state;
    registry_set_state(&registry, record, STATE_ONLINE);
    assert_int_equal(registry.counts[STATE_NONE], 0);
    assert_int_equal(registry.counts[STATE_ONLINE], 1);
    registry_remove(&registry, record);
    assert_int_equal(registry.counts[STATE_ONLINE], 0);
}

static void looks_come_in_the_order_of_their_time(void **state)
{
    struct record *a = add("h1", "w1"), *b = add("h1", "w2"), *c = add("h1", "w3");
    (void)state;
    registry_schedule(&registry, a, true, 300);
    registry_schedule(&registry, b, true, 100);
    registry_schedule(&registry, c, false, 50);
    assert_int_equal(registry_next_due(&registry, true), 100);
    assert_int_equal(registry_next_due(&registry, false), 50);
    assert_null(registry_take_due(&registry, true, 99));
    assert_ptr_equal(registry_take_due(&registry, true, 300), b);
    assert_ptr_equal(registry_take_due(&registry, true, 300), a);
    assert_null(registry_take_due(&registry, true, 300));
    assert_ptr_equal(registry_take_due(&registry, false, 50), c);
    assert_int_equal(registry_next_due(&registry, false), MS_NEVER);
}

static void a_look_that_is_due_earlier_stays(void **state)
{
    struct record *record = add("h1", "w1");
    (void)state;
    registry_schedule(&registry, record, true, 100);
    registry_schedule(&registry, record, true, 900);
    assert_int_equal(registry_next_due(&registry, true), 100);
    registry_schedule(&registry, record, true, 50);
    assert_int_equal(registry_next_due(&registry, true), 50);
    registry_schedule(&registry, record, false, 70); /* by the other clock */
    assert_int_equal(registry_next_due(&registry, true), MS_NEVER);
    assert_int_equal(registry_next_due(&registry, false), 70);
    registry_schedule(&registry, record, false, MS_NEVER);
    assert_int_equal(registry_next_due(&registry, false), MS_NEVER);
    registry_schedule(&registry, record, true, 10);
    registry_remove(&registry, record);
    assert_int_equal(registry_next_due(&registry, true), MS_NEVER);
}

static void what_was_touched_comes_once_and_in_order(void **state)
{
    struct record *a = add("h1", "a"), *b = add("h1", "b"), *c = add("h1", "c"), *d = add("h1", "d");
    (void)state;
    assert_null(registry_take_touched(&registry));
    registry_touch(&registry, c);
    registry_touch(&registry, a);
    registry_touch(&registry, c);
    registry_touch(&registry, b);
    registry_touch(&registry, d);
    registry_remove(&registry, a); /* in the middle */
    assert_ptr_equal(registry_take_touched(&registry), c);
    registry_remove(&registry, d); /* at the end */
    registry_touch(&registry, c);
    assert_ptr_equal(registry_take_touched(&registry), b);
    assert_ptr_equal(registry_take_touched(&registry), c);
    assert_null(registry_take_touched(&registry));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_worker_is_found_by_hive_and_name),
        TEST(a_name_too_long_is_nobodys),
        TEST(namesakes_hang_together),
        TEST(no_more_than_its_limit),
        TEST(an_end_that_waits_counts_as_one_of_its_hive),
        TEST(an_end_counts_as_nothing_else),
        TEST(hives_have_ends_of_their_own),
        TEST(the_order_is_that_of_first_sight),
        TEST(documents_are_copied_and_counted),
        TEST(a_document_keeps_its_room_while_it_fits),
        TEST(documents_have_a_limit_in_all),
        TEST(words_of_who_is_gone_are_let_go),
        TEST(workers_are_counted_by_model_and_version),
        TEST(states_are_counted),
        TEST(looks_come_in_the_order_of_their_time),
        TEST(a_look_that_is_due_earlier_stays),
        TEST(what_was_touched_comes_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
