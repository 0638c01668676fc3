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

static const struct room {
    const char *why, *fleet, *hive, *want;
    ms_t later;
} rooms[] = {
    { "a flood of one beat each", "evil 150w,a 10l", "a", "evil/w0", 0 },
    { "... has no room for more of it", "evil 150w,a 10l", "evil", "no/body", 0 },
    { "... but for what was silent for long", "evil 150w,a 10l", "evil", "evil/w0", RATION_SILENT_MS },
    { "a flood of two beats each", "evil 150l,a 10l", "a", "evil/w0", 0 },
    { "... has no room for more of it either", "evil 150l,a 10l", "evil", "no/body", RATION_SILENT_MS },
    { "who is not online goes first", "evil 100l 50i,a 10l", "a", "evil/w100", 0 },
    { "a fleet of one large hive, and a flood", "a 120l,evil 40w", "a", "evil/w0", 0 },
    { "... that gains nothing", "a 120l,evil 40w", "evil", "no/body", 0 },
    { "as many as the greatest", "a 80l,b 80l", "a", "no/body", 0 },
    { "not half as many, but half of an equal share: nobody who is online", "a 120l,b 40l", "b", "no/body", 0 },
    { "... but less", "a 121l,b 39l", "b", "a/w0", 0 },
    { "many hives, and a flood of one", "a 10l,b 10l,c 10l,d 10l,e 10l,f 10l,g 10l,h 10l,i 10l,j 10l,evil 60w", "a",
      "evil/w0", 0 },
    { "... of lost ones", "evil 160s", "evil", "evil/w0", 0 },
    { "... of lost ones", "evil 160t", "evil", "evil/w0", 0 },
    { "one that is lost among those that live", "evil 100w 1t 59w", "evil", "evil/w100", 0 },
    { "... first, of the greatest as well", "evil 100w 1t 49w,a 10l", "a", "evil/w100", 0 },
    { "... of lost ones", "evil 160o", "evil", "evil/w0", 0 },
    { "... of lost ones", "evil 160r", "evil", "evil/w0", 0 },
    { "... of stored copies", "evil 160u", "evil", "no/body", RATION_SILENT_MS - 1 },
    { "... that are old", "evil 160u", "evil", "evil/w0", RATION_SILENT_MS },
    { "not half of an equal share: who is not online", "a 89l 1i,b 70l", "b", "a/w89", 0 },
    { "as many as the greatest: not even those", "a 79l 1i,b 80l", "b", "no/body", 0 },
    { "... but its own", "a 79l 1i,b 79l 1i", "b", "b/w79", 0 },
    { "the dead of a large hive make room for those who begin, not those for each other",
      "a 100i,b 15w,c 15w,d 15w,evil 15w", "b", "a/w0", 0 },
    { "... while they are more than a flood has", "a 70i,evil 80w,b 10w", "b", "evil/w0", 0 },
    { "a small hive loses none", "evil 157l,a 3w", "evil", "no/body", 0 },
    { "... also where nobody of the larger one is hardly alive", "evil 130l,a 28l 2t", "evil", "no/body", 0 },
    { "... for an hour", "evil 130l,a 28l 2t", "evil", "no/body", RATION_DOWN_MS - 1 },
    { "... after it", "evil 130l,a 28l 2i", "evil", "a/w28", RATION_DOWN_MS },
    { "nor does a hive of less than an equal share to a small one", "evil 110l,b 20l 30i", "c", "evil/w0", 0 },
    { "half a flood is none", "a 120l,evil 20l 20w", "a", "no/body", 0 },
    { "nor is less than half an equal share", "a 121l,evil 39w", "a", "no/body", 0 },
    { "... to take from who lives", "a 121l,evil 39w", "evil", "no/body", 0 },
    { "a hive that would have less for it", "a 100x,evil 31l,b 29l", "b", "no/body", 0 },
    { "... and does not give up its own", "evil 157l,a 3w", "a", "evil/w0", 0 },
    { "a hive that gets established grooms", "evil 130l,a 20l 10w", "a", "evil/w0", 0 },
    { "... and not faster than that", "evil 130l,a 10l 20w", "a", "no/body", 0 },
    { "... which half of it is enough for", "evil 140l,a 10l 10w", "a", "evil/w0", 0 },
    { "... from the hardly alive first, of the greatest", "evil 110l 10w,a 20l 20w", "a", "evil/w110", 0 },
    { "... not from its own", "evil 120l,a 20l 20w", "a", "no/body", RATION_SILENT_MS },
    { "a hive whose workers come and die, and one that begins", "evil 20l 90i,a 50w", "evil", "evil/w20", 0 },
    { "... where it has no dead", "evil 110l,a 50w", "evil", "a/w0", 0 },
    { "... or has less than an equal share", "b 70l,evil 38l 2i,a 50w", "evil", "a/w0", 0 },
    { "a hive that is not known yet", "evil 160w", "b", "evil/w0", 0 },
    { "the expected never go", "a 160x", "b", "no/body", RATION_SILENT_MS },
    { "... and are not counted against the hive", "a 100x,evil 60l", "a", "evil/w0", 0 },
    { "a hive replaces its own dead", "a 160e", "a", "a/w0", 0 },
    { "... stale as well", "a 100l 60i", "a", "a/w100", 0 },
    { "... hardly alive ones first", "a 100l 30i 30o", "a", "a/w130", 0 },
    { "... also where most of it is hardly alive", "a 20i 140w", "a", "a/w0", 0 },
    { "... before it costs a larger one anything", "b 120l 10i,a 25l 5e", "a", "a/w25", 0 },
    { "... but not the expected", "a 160x", "a", "no/body", RATION_SILENT_MS },
    { "the lost of another go before a larger one's living", "a 100l,b 30l 30i", "c", "b/w30", 0 },
    { "... but not for a larger one", "a 100l,b 30l 30i", "a", "no/body", 0 },
    { "... even if they said goodbye", "a 100l,b 30l 30e", "a", "no/body", 0 },
    { "nor of a whole hive, if it is one of few", "a 100l,15*b 4e", "a", "no/body", 0 },
    { "many hives that are left behind", "a 100l,20*ci 3e", "a", "ci0/w0", 0 },
    { "... also for a hive that starts", "a 100l,20*ci 3e", "c", "ci0/w0", 0 },
    { "... or is about to", "a 98l,c 2w,20*ci 3e", "c", "ci0/w0", 0 },
    { "... of which none was established", "a 40l 60w,20*ci 3o", "a", "ci0/w0", 0 },
    { "... with somebody there", "a 100l,20*ci 1l 2e", "a", "no/body", 0 },
    { "... or that are down", "a 100l,20*b 3i", "a", "no/body", RATION_DOWN_MS - 1 },
    { "... for long", "a 100l,20*b 3i", "a", "b0/w0", RATION_DOWN_MS },
    { "... beside those who left", "a 100l,10*b 3i,10*ci 3e", "a", "ci0/w0", RATION_DOWN_MS - 1 },
};

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
        cmocka_unit_test(hives_without_number),
        cmocka_unit_test(what_makes_one_established),
        cmocka_unit_test(first_signs_wrap),
        cmocka_unit_test(documents_of_the_greatest_hive_make_room),
        cmocka_unit_test(established_documents_make_room_for_small_hives),
        cmocka_unit_test(who_gets_established_is_none_of_the_first_to_go),
        cmocka_unit_test(the_established_do_not_make_room_for_their_own_hive),
        cmocka_unit_test(who_makes_room_loses_both_documents),
        cmocka_unit_test(documents_of_the_lost_make_room),
        cmocka_unit_test(few_documents_are_dropped_at_once),
        cmocka_unit_test(a_walk_survives_who_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
