/* Who makes room for whom. */
#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "document_store.h"
#include "rations.h"
#include "tenants_rooms.h"

#define MAX 160
#define BEGAN 1000000

static struct registry registry;

static struct record *add(const char *hive, int number, ms_t now)
{
    struct record *record = NULL;
    char name[16];
    snprintf(name, sizeof name, "w%d", number);
    assert_int_equal(registry_add(&registry, text_of(hive), text_of(name), &record), OK);
    registry_received(&registry, record, now);
    record->received_mono = now;
    registry_set_state(&registry, record, STATE_ONLINE);
    return record;
}

static void establish(struct record *record)
{
    registry_received(&registry, record, record->received_first + RATION_ESTABLISHED_MS);
    assert_true(record->established);
}

/* What one of `kind` is, once it was heard for the first time. */
static void become(struct record *record, char kind)
{
    static const struct {
        char kind;
        bool is_young;
        enum state state;
    } kinds[] = {
        { 'w', true, STATE_ONLINE },  { 's', true, STATE_SUSPECT },     { 't', true, STATE_STALE },
        { 'o', true, STATE_OFFLINE }, { 'r', true, STATE_UNREACHABLE }, { 'u', true, STATE_UNVERIFIED },
        { 'i', false, STATE_STALE },  { 'e', false, STATE_OFFLINE },
    };
    size_t i = 0;
    while (i < ARRAY_LEN(kinds) && kinds[i].kind != kind)
        i++;
    if (i == ARRAY_LEN(kinds) || !kinds[i].is_young)
        establish(record);
    if (kind == 'u')
        record->received_mono = MS_NEVER;
    if (kind == 'x')
        registry_expect(&registry, record);
    if (i < ARRAY_LEN(kinds))
        registry_set_state(&registry, record, kinds[i].state);
    record->since_mono = BEGAN;
}

/* `evil 100w 50l` = a hive with 100 hardly alive workers and 50 that are online; s, t, o, r: hardly alive and suspect,
 * stale, offline, unreachable; u: known from stored copies only; i: stale, e: offline, x: expected. `20*ci 1e` = 20
 * such hives. */
static void populate(const char *fleet)
{
    struct text left = text_of(fleet);
    while (left.at) {
        struct text counts = text_split(&left, ','), hive = text_split(&counts, ' '), times = hive;
        struct text first = text_split(&times, '*');
        for (int copy = 0; copy < (times.at ? atoi(first.at) : 1); copy++) {
            struct text groups = counts;
            char name[16];
            int number = 0;
            if (times.at)
                snprintf(name, sizeof name, "%.*s%d", (int)times.len, times.at, copy);
            else
                snprintf(name, sizeof name, "%.*s", (int)hive.len, hive.at);
            while (groups.at) {
                struct text group = text_split(&groups, ' ');
                for (int end = number + atoi(group.at); number < end; number++)
                    become(add(name, number, BEGAN), group.at[group.len - 1]);
            }
        }
    }
}

static const char *name_of(const struct record *record)
{
    static char name[2 * NAME_SIZE];
    snprintf(name, sizeof name, "%s/%s", record ? record_hive(record) : "no", record ? record_worker(record) : "body");
    return name;
}

static const char *victim(const char *hive, ms_t later)
{
    return name_of(registry_victim(&registry, text_of(hive), TEXT("new"), BEGAN + later));
}

static void whoever_has_most_makes_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rooms); i++) {
        const char *found;
        registry_init(&registry, MAX, 4096);
        populate(rooms[i].fleet);
        assert_true(registry_is_full(&registry, false));
        found = victim(rooms[i].hive, rooms[i].later);
        if (strcmp(found, rooms[i].want) != 0)
            print_error("%s\n", rooms[i].why);
        assert_string_equal(found, rooms[i].want);
        registry_clear(&registry);
    }
}

/* In order of loss, whatever was before; and who is back is not lost. */
static void the_longest_lost_goes_first(void **state)
{
    (void)state;
    registry_init(&registry, MAX, 4096);
    populate("a 160l");
    for (int i = 90; i > 60; i--) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        registry_set_state(&registry, registry_find_name(&registry, text_of(name)), STATE_STALE);
    }
    assert_string_equal(victim("a", 0), "a/w90");
    registry_set_state(&registry, registry_find_name(&registry, TEXT("w90")), STATE_UNREACHABLE); /* still */
    assert_string_equal(victim("a", 0), "a/w90");
    registry_set_state(&registry, registry_find_name(&registry, TEXT("w90")), STATE_ONLINE);
    assert_string_equal(victim("a", 0), "a/w89");
    registry_remove(&registry, registry_find_name(&registry, TEXT("w89")));
    add("a", 200, BEGAN);
    assert_string_equal(victim("a", 0), "a/w88");
    registry_clear(&registry);
}

static const char *hive_victim(void)
{
    return name_of(registry_victim(&registry, TEXT("new"), (struct text){ 0 }, BEGAN));
}

/* A hive that left makes room for another; that one is down is news, and stays. */
static void hives_that_left_make_room(void **state)
{
    struct record *hives[3];
    (void)state;
    registry_init(&registry, 3, 4096);
    for (int i = 0; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%d", i);
        assert_int_equal(registry_add(&registry, text_of(name), (struct text){ 0 }, &hives[i]), OK);
        registry_received(&registry, hives[i], BEGAN);
        establish(hives[i]);
        registry_set_state(&registry, hives[i], STATE_ONLINE);
    }
    assert_string_equal(hive_victim(), "no/body");
    registry_set_state(&registry, hives[0], STATE_STALE);
    assert_string_equal(hive_victim(), "no/body");
    registry_set_state(&registry, hives[2], STATE_OFFLINE);
    assert_string_equal(hive_victim(), "h2/");
    registry_clear(&registry);
}

/* Of those that were only just seen the lost ones go before the silent ones. */
static void hives_that_are_hardly_alive_make_room(void **state)
{
    struct record *hives[2];
    (void)state;
    registry_init(&registry, 2, 4096);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(registry_add(&registry, i ? TEXT("h1") : TEXT("h0"), (struct text){ 0 }, &hives[i]), OK);
        registry_received(&registry, hives[i], BEGAN);
        hives[i]->received_mono = BEGAN - RATION_SILENT_MS;
        registry_set_state(&registry, hives[i], i ? STATE_STALE : STATE_ONLINE);
    }
    assert_string_equal(hive_victim(), "h1/");
    registry_set_state(&registry, hives[1], STATE_ONLINE);
    assert_string_equal(hive_victim(), "h0/");
    registry_clear(&registry);
}

/* Who can name hives as he likes: their names say nothing, and the rule is that of time. */
static void hives_without_number(void **state)
{
    (void)state;
    registry_init(&registry, MAX, 4096);
    for (int i = 0; i < MAX; i++) {
        char hive[16];
        snprintf(hive, sizeof hive, "h%d", i);
        add(hive, i, BEGAN + i);
    }
    registry_received(&registry, registry_find_name(&registry, TEXT("w0")), BEGAN + 1000);
    assert_string_equal(victim("a", 1), "no/body"); /* or those that are too many would push each other out for ever */
    assert_string_equal(victim("a", RATION_SILENT_MS + 1), "h1/w1");
    for (int i = 0; i < MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%d", i);
        establish(registry_find_name(&registry, text_of(name)));
    }
    assert_string_equal(victim("a", RATION_SILENT_MS), "no/body");
    registry_clear(&registry);
}

/* Two live signs an interval apart, or half a minute. */
static void what_makes_one_established(void **state)
{
    static const struct {
        const char *why;
        int32_t interval;
        ms_t second;
        bool established;
    } rows[] = {
        { "an interval", 5000, 5000, true },
        { "less", 5000, 4999, false },
        { "a long interval", 600000, RATION_ESTABLISHED_MS, true },
        { "less than half a minute", 600000, RATION_ESTABLISHED_MS - 1, false },
        { "none declared", INT_ABSENT, RATION_ESTABLISHED_MS, true },
        { "none declared, less", INT_ABSENT, RATION_ESTABLISHED_MS - 1, false },
        { "a made-up interval", 1, 999, false },
        { "... counts as a second", 1, 1000, true },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record *record;
        registry_init(&registry, MAX, 4096);
        record = add("a", 1, BEGAN);
        record->interval_ms = rows[i].interval;
        registry_received(&registry, record, BEGAN + rows[i].second);
        if (record->established != rows[i].established)
            print_error("%s\n", rows[i].why);
        assert_int_equal(record->established, rows[i].established);
        assert_int_equal(record->share->has[RATION_WEAK], !rows[i].established);
        registry_clear(&registry);
    }
}

/* The time of the first sign is kept in 32 bits. */
static void first_signs_wrap(void **state)
{
    struct record *record;
    (void)state;
    registry_init(&registry, MAX, 4096);
    record = add("a", 1, UINT32_MAX - 100);
    record->interval_ms = 5000;
    registry_received(&registry, record, UINT32_MAX - 100 + 4999LL);
    assert_false(record->established);
    registry_received(&registry, record, UINT32_MAX - 100 + 5000LL);
    assert_true(record->established);
    registry_clear(&registry);
}

static enum err store(struct record *record, size_t len)
{
    char document[4096];
    memset(document, 'x', sizeof document);
    return document_store_heartbeat(&registry, record, (struct text){ document, len }, &LOAD_NONE);
}

static void documents_of_the_greatest_hive_make_room(void **state)
{
    struct record *small, *established, *weak, *own;
    (void)state;
    registry_init(&registry, MAX, 4096);
    small = add("a", 0, BEGAN);
    established = add("evil", 1, BEGAN);
    establish(established);
    weak = add("evil", 2, BEGAN);
    assert_int_equal(store(small, 100), OK);
    assert_int_equal(store(established, 2000), OK);
    assert_int_equal(store(weak, 1800), OK);
    assert_int_equal(store(small, 500), OK); /* the hardly alive first */
    assert_null(weak->document);
    assert_int_equal(weak->dropped, RECORD_HEARTBEAT);
    assert_non_null(established->document);
    assert_int_equal(registry.pressure[PRESSURE_DOCUMENTS].evicted, 1);
    assert_string_equal(registry.pressure[PRESSURE_DOCUMENTS].hive, "evil");
    assert_int_equal(store(weak, 1800), ERR_FULL); /* its own hive has most */
    own = add("evil", 3, BEGAN);
    assert_int_equal(store(own, 1400), OK);
    assert_int_equal(store(established, 3000), OK); /* of its own hive, too, the hardly alive go first */
    assert_null(own->document);
    assert_int_equal(registry.document_bytes, small->document->size + established->document->size);
    registry_remove(&registry, established);
    assert_int_equal(store(weak, 1800), OK);
    assert_int_equal(weak->dropped, 0);
    registry_clear(&registry);
}

/* Where nobody who is hardly alive has any, the established of the greatest hive make room for a hive of less than half
 * an equal share: for one of it that is hardly alive itself, a 16th. */
static void established_documents_make_room_for_small_hives(void **state)
{
    static const struct {
        const char *why;
        bool established;
        size_t len;
        enum err want;
    } rows[] = {
        { "less than half", true, 1500, OK },
        { "more", true, 2100, ERR_FULL },
        { "hardly alive, and little", false, 200, OK },
        { "hardly alive, and more", false, 300, ERR_FULL },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct record *first, *second, *small;
        registry_init(&registry, MAX, 4096);
        establish(first = add("large", 1, BEGAN));
        establish(second = add("large", 2, BEGAN));
        small = add("a", 3, BEGAN);
        if (rows[i].established)
            establish(small);
        assert_int_equal(store(first, 2000), OK);
        assert_int_equal(store(second, 2000), OK);
        print_message("%s\n", rows[i].why);
        assert_int_equal(store(small, rows[i].len), rows[i].want);
        assert_int_equal(first->document == NULL, rows[i].want == OK); /* the oldest */
        assert_non_null(second->document);
        registry_clear(&registry);
    }
}

/* Whose document was the first to go, when it was hardly alive, protects nobody's behind it when it is established. */
static void who_gets_established_is_none_of_the_first_to_go(void **state)
{
    struct record *weak, *last, *small;
    (void)state;
    registry_init(&registry, MAX, 4096);
    weak = add("evil", 1, BEGAN);
    last = add("evil", 2, BEGAN);
    small = add("a", 3, BEGAN);
    assert_int_equal(store(weak, 1000), OK);
    assert_int_equal(store(last, 1000), OK);
    establish(last);
    assert_int_equal(store(small, 2500), ERR_FULL); /* as it would have most */
    assert_int_equal(store(weak, 1900), OK);
    assert_int_equal(store(small, 1300), OK);
    assert_null(weak->document);
    assert_non_null(last->document);
    registry_clear(&registry);
}

static void documents_are_not_more_than_all(void **state)
{
    struct record *first, *second;
    (void)state;
    registry_init(&registry, MAX, 4096);
    first = add("a", 1, BEGAN);
    establish(second = add("b", 2, BEGAN));
    assert_int_equal(store(first, 1000), OK);
    assert_int_equal(store(second, 3500), ERR_FULL); /* it would have most, and has none yet */
    assert_non_null(first->document);
    registry_clear(&registry);
}

/* Its own hive has most, and nobody in it is hardly alive. */
static void the_established_do_not_make_room_for_their_own_hive(void **state)
{
    struct record *first, *second;
    (void)state;
    registry_init(&registry, MAX, 4096);
    establish(first = add("a", 1, BEGAN));
    establish(second = add("a", 2, BEGAN));
    assert_int_equal(store(first, 2000), OK);
    assert_int_equal(store(second, 1900), OK);
    assert_int_equal(store(second, 2500), ERR_FULL);
    assert_non_null(first->document);
    assert_null(second->document); /* the old one would pass for the new one */
    assert_int_equal(second->dropped, RECORD_HEARTBEAT);
    registry_clear(&registry);
}

/* Of a record that makes room both documents go, and the registry knows it. */
static void who_makes_room_loses_both_documents(void **state)
{
    char witness[1000];
    struct record *weak, *small;
    (void)state;
    memset(witness, 'x', sizeof witness);
    registry_init(&registry, MAX, 4096);
    weak = add("evil", 1, BEGAN);
    small = add("a", 2, BEGAN);
    assert_int_equal(store(weak, 2000), OK);
    assert_int_equal(document_store(&registry, weak, &weak->witness, (struct text){ witness, sizeof witness }), OK);
    assert_int_equal(store(small, 1500), OK);
    assert_null(weak->document);
    assert_null(weak->witness);
    assert_int_equal(weak->dropped, RECORD_HEARTBEAT | RECORD_WITNESS);
    assert_int_equal(registry.document_bytes, small->document->size);
    registry_clear(&registry);
}

/* The dead do not keep those of the living out. */
static void documents_of_the_lost_make_room(void **state)
{
    struct record *lost, *living;
    (void)state;
    registry_init(&registry, MAX, 4096);
    lost = add("a", 0, BEGAN);
    living = add("a", 1, BEGAN);
    establish(lost);
    establish(living);
    assert_int_equal(store(living, 1000), OK);
    assert_int_equal(store(lost, 2500), OK);
    assert_int_equal(store(living, 3000), ERR_FULL);
    assert_int_equal(store(living, 1000), OK);
    registry_set_state(&registry, lost, STATE_OFFLINE);
    assert_int_equal(store(lost, 3500), ERR_FULL); /* its own is not what makes room */
    assert_int_equal(store(lost, 2500), OK);
    assert_int_equal(store(living, 3000), OK);
    assert_null(lost->document);
    registry_clear(&registry);
}

/* What many crumbs cost is bounded for each message. */
static void few_documents_are_dropped_at_once(void **state)
{
    struct record *record;
    (void)state;
    registry_init(&registry, 2 * MAX, 8192);
    for (int i = 0; i < 8192 / 32; i++)
        assert_int_equal(store(add("evil", i, BEGAN), 30), OK);
    record = add("a", 0, BEGAN);
    assert_int_equal(store(record, 3000), ERR_FULL);
    assert_int_equal(registry.document_bytes, 8192 - 32 * RATION_DROPS);
    assert_int_equal(store(record, 3000), OK);
    registry_clear(&registry);
}

static void a_walk_survives_who_comes_and_goes(void **state)
{
    struct record *records[6], *taken;
    int count = 0;
    (void)state;
    registry_init(&registry, MAX, 4096);
    for (int i = 0; i < 6; i++)
        records[i] = add(i < 5 ? "a" : "b", i, BEGAN);
    registry_walk(&registry, TEXT("nobody"), WALK_FORGET);
    assert_null(registry_walk_take(&registry, WALK_FORGET));
    registry_walk(&registry, TEXT("a"), WALK_FORGET);
    registry_walk(&registry, TEXT("b"), WALK_FORGET);
    taken = registry_walk_take(&registry, WALK_FORGET);
    registry_remove(&registry, registry.walks[WALK_FORGET]->next->at); /* the next one of the same hive */
    registry_remove(&registry, taken);
    add("a", 7, BEGAN); /* comes too late */
    while ((taken = registry_walk_take(&registry, WALK_FORGET))) {
        assert_int_not_equal(strcmp(record_worker(taken), "w7"), 0);
        count++;
    }
    assert_int_equal(count, 4);
    registry_walk(&registry, TEXT("a"), WALK_REVIEW);
    registry_walk(&registry, TEXT("b"), WALK_REVIEW);
    (void)registry_walk_take(&registry, WALK_REVIEW);
    assert_ptr_equal(registry_walk_take(&registry, WALK_REVIEW), records[5]); /* each hive in its turn */
    registry_walk(&registry, TEXT("b"), WALK_REVIEW);
    registry_walk(&registry, TEXT("a"), WALK_REVIEW); /* again, from the beginning, and behind the other one */
    assert_ptr_equal(registry_walk_take(&registry, WALK_REVIEW), records[5]);
    for (count = 0; registry_walk_take(&registry, WALK_REVIEW);)
        count++;
    assert_int_equal(count, 4);
    registry_walk(&registry, TEXT("b"), WALK_REVIEW);
    registry_remove(&registry, records[5]); /* the last of its hive ends the walk */
    assert_null(registry.walks[WALK_REVIEW]);
    registry_clear(&registry);
}

/* Else nobody would be told of it. */
static void whose_death_is_open_is_not_evicted(void **state)
{
    struct record *first, *second, *each;
    (void)state;
    registry_init(&registry, MAX, SIZE_MAX);
    populate("evil 150l,a 10l");
    first = registry_find(&registry, TEXT("evil"), TEXT("w0"));
    second = registry_find(&registry, TEXT("evil"), TEXT("w1"));
    assert_string_equal(victim("a", 0), "evil/w0");
    first->loss = (struct loss *)&registry; /* any */
    assert_string_equal(victim("a", 0), "evil/w1");
    second->owed = (struct owed *)&registry;
    assert_string_equal(victim("a", 0), "evil/w2");
    for (each = first->share->tenants[TENURE_LIVE]; each; each = each->tenant_next)
        each->loss = (struct loss *)&registry;
    assert_string_equal(victim("a", 0), "evil/w0"); /* somebody has to */
    for (each = first->share->tenants[TENURE_LIVE]; each; each = each->tenant_next)
        each->loss = NULL;
    second->owed = NULL;
    registry_clear(&registry);
    registry_init(&registry, MAX, SIZE_MAX);
    populate("evil 130l,a 29l 1t");
    assert_string_equal(victim("a", 0), "a/w29");
    first = registry_find(&registry, TEXT("a"), TEXT("w29"));
    first->loss = (struct loss *)&registry;
    assert_string_equal(victim("a", 0), "evil/w0"); /* nor of its own hive */
    assert_string_equal(victim("a", RATION_DOWN_MS), "evil/w0");
    first->loss = NULL;
    registry_clear(&registry);
}

/* What many of those cost is bounded for each message. */
static void few_are_considered_at_once(void **state)
{
    struct record *record;
    (void)state;
    registry_init(&registry, MAX, SIZE_MAX);
    populate("a 90l 70i");
    record = registry_find(&registry, TEXT("a"), TEXT("w90"));
    for (unsigned i = 1; i < RATION_SCANNED; i++, record = record->tenant_next)
        record->owed = (struct owed *)&registry;
    assert_string_equal(victim("a", 0), "a/w153");
    record->owed = (struct owed *)&registry;
    assert_string_equal(victim("a", 0), "no/body");
    assert_string_equal(victim("a", RATION_DOWN_MS), "no/body");
    registry_clear(&registry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whose_death_is_open_is_not_evicted),
        cmocka_unit_test(few_are_considered_at_once),
        cmocka_unit_test(whoever_has_most_makes_room),
        cmocka_unit_test(the_longest_lost_goes_first),
        cmocka_unit_test(hives_that_left_make_room),
        cmocka_unit_test(hives_that_are_hardly_alive_make_room),
        cmocka_unit_test(hives_without_number),
        cmocka_unit_test(what_makes_one_established),
        cmocka_unit_test(first_signs_wrap),
        cmocka_unit_test(documents_of_the_greatest_hive_make_room),
        cmocka_unit_test(established_documents_make_room_for_small_hives),
        cmocka_unit_test(who_gets_established_is_none_of_the_first_to_go),
        cmocka_unit_test(the_established_do_not_make_room_for_their_own_hive),
        cmocka_unit_test(documents_are_not_more_than_all),
        cmocka_unit_test(who_makes_room_loses_both_documents),
        cmocka_unit_test(documents_of_the_lost_make_room),
        cmocka_unit_test(few_documents_are_dropped_at_once),
        cmocka_unit_test(a_walk_survives_who_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
