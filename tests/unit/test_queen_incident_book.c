#include "incident_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "msg.h"

static const struct text none;

static struct incident_row row(uint64_t id, enum incident_kind kind)
{
    return (struct incident_row){ .id = id,
                                  .kind = kind,
                                  .class = INCIDENT_LOST,
                                  .state = STATE_STALE,
                                  .session = 7,
                                  .connection = 1,
                                  .opened = 1000,
                                  .ended = TIME_ABSENT };
}

static void add(struct incident_book *book, uint64_t id, const char *hive, const char *worker)
{
    struct incident_row is = row(id, worker[0] ? INCIDENT_WORKER : INCIDENT_HIVE);
    assert_int_equal(incident_book_add(book, text_of(hive), text_of(worker), &is), OK);
}

static void of_each_subject_one_is_open(void **state)
{
    struct incident_book book = { 0 };
    const struct incident *incident;
    (void)state;
    add(&book, 1, "h1", "w1");
    add(&book, 2, "h1", "w1");
    add(&book, 3, "h1", "");
    add(&book, 4, "h", "1w1"); /* the same letters are another pair */
    assert_int_equal(book.open_count, 3);
    incident = incident_book_find(&book, INCIDENT_WORKER, TEXT("h1"), TEXT("w1"));
    assert_int_equal(incident->is.id, 1);
    assert_string_equal(incident->hive, "h1");
    assert_string_equal(incident->worker, "w1");
    assert_null(incident_book_find(&book, INCIDENT_STORM, none, none));
    assert_true(incident_book_end(&book, INCIDENT_WORKER, TEXT("h1"), TEXT("w1"), INCIDENT_ONLINE, 2000));
    assert_false(incident_book_end(&book, INCIDENT_WORKER, TEXT("h1"), TEXT("w1"), INCIDENT_ONLINE, 3000));
    add(&book, 5, "h1", "w1");
    assert_int_equal(book.open_count, 3);
    incident = incident_book_after(&book, 0);
    assert_true(incident->is.id == 1 && incident->is.ended == 2000 && incident->is.end == INCIDENT_ONLINE);
    for (uint64_t id = 3; id <= 5; id++) {
        incident = incident_book_next(incident);
        assert_int_equal(incident->is.id, id);
        assert_ptr_equal(incident_book_after(&book, incident->number - 1), incident);
    }
    assert_null(incident_book_next(incident));
    assert_null(incident_book_after(&book, incident->number));
    incident_book_clear(&book);
}

static size_t count_unsaved(struct incident_book *book)
{
    size_t count = 0;
    while (incident_book_next_unsaved(book))
        count++;
    return count;
}

static void what_has_changed_is_given_to_the_store_once(void **state)
{
    struct incident_book book = { 0 };
    (void)state;
    add(&book, 1, "h1", "w1");
    add(&book, 2, "h1", "w2");
    assert_int_equal(count_unsaved(&book), 2);
    assert_true(incident_book_end(&book, INCIDENT_WORKER, TEXT("h1"), TEXT("w2"), INCIDENT_OFFLINE, 2000));
    assert_int_equal(count_unsaved(&book), 1);
    assert_int_equal(count_unsaved(&book), 0);
    incident_book_lost(&book);
    assert_int_equal(count_unsaved(&book), 2);
    incident_book_clear(&book);
}

/* It is the same incident: its number, id and beginning are those of the first. */
static void an_open_one_is_of_what_it_is_now(void **state)
{
    struct incident_book book = { 0 };
    struct incident_row is = row(2, INCIDENT_WORKER);
    const struct incident *incident;
    (void)state;
    is.class = INCIDENT_STALLED;
    is.opened = 500;
    assert_int_equal(incident_book_add(&book, TEXT("h1"), TEXT("w1"), &is), OK);
    assert_int_equal(count_unsaved(&book), 1);
    add(&book, 3, "h1", "w1");
    incident = incident_book_find(&book, INCIDENT_WORKER, TEXT("h1"), TEXT("w1"));
    assert_true(incident->is.id == 2 && incident->is.opened == 500 && incident->is.class == INCIDENT_LOST);
    assert_int_equal(book.queue.count, 1);
    assert_int_equal(count_unsaved(&book), 1);
    incident_book_clear(&book);
}

/* One that the book had dropped when it ended is open in the store for good, and another one of its subject was opened.
 */
static void of_two_that_the_store_has_as_open_the_first_is_none(void **state)
{
    struct incident_book book = { 0 };
    struct incident_row is = row(1, INCIDENT_WORKER);
    const struct incident *incident;
    (void)state;
    assert_int_equal(incident_book_restore(&book, TEXT("h1"), TEXT("w1"), &is), OK);
    assert_int_equal(count_unsaved(&book), 0);
    is.id = 5;
    is.opened = 7000;
    assert_int_equal(incident_book_restore(&book, TEXT("h1"), TEXT("w1"), &is), OK);
    assert_int_equal(book.open_count, 1);
    incident = incident_book_next_unsaved(&book);
    assert_true(incident->is.id == 1 && incident->is.ended == 7000 && incident->is.end == INCIDENT_FORGOTTEN);
    assert_null(incident_book_next_unsaved(&book));
    incident = incident_book_oldest_open(&book);
    assert_int_equal(incident->is.id, 5);
    incident_book_clear(&book);
}

/* A hive that floods loses its own, open ones, too. */
static void the_hive_with_most_loses_its_oldest(void **state)
{
    struct incident_book book = { 0 };
    uint64_t id = 0;
    (void)state;
    add(&book, ++id, "quiet", "w1");
    for (size_t more = 0; more < 100; more += book.queue.count < id) { /* some are gone from the middle */
        char worker[16];
        snprintf(worker, sizeof worker, "w%llu", (unsigned long long)id++);
        add(&book, id, "loud", worker);
    }
    assert_true(book.queue.cost <= INCIDENT_BOOK_BYTES);
    assert_int_equal(book.open_count, book.queue.count);
    assert_non_null(incident_book_find(&book, INCIDENT_WORKER, TEXT("quiet"), TEXT("w1")));
    assert_null(incident_book_find(&book, INCIDENT_WORKER, TEXT("loud"), TEXT("w1")));
    for (const struct incident *at = incident_book_after(&book, 0), *next; at; at = next) {
        next = incident_book_next(at);
        assert_ptr_equal(incident_book_after(&book, at->number), next);
    }
    print_message("%zu incidents in %zu MiB\n", book.queue.count, INCIDENT_BOOK_BYTES / 1024 / 1024);
    incident_book_clear(&book);
}

/* SipHash-2-4 of "h1/w1 0000000000000007 1 lost", with a key of zeros. */
static void who_finds_the_same_has_the_same_fingerprint(void **state)
{
    struct incident one = { "h1", "w1", 1, row(1, INCIDENT_WORKER) }, other;
    (void)state;
    assert_true(incident_fingerprint(&one) == UINT64_C(0xf31dfa94cdd365e7));
    other = one;
    other.number = other.is.id = 99;
    other.is.cause = CAUSE_LAST_WILL;
    other.is.opened = 5;
    assert_true(incident_fingerprint(&one) == incident_fingerprint(&other));
    other.is.class = INCIDENT_STALLED;
    assert_true(incident_fingerprint(&one) != incident_fingerprint(&other));
    other = one;
    other.is.session = 8;
    assert_true(incident_fingerprint(&one) != incident_fingerprint(&other));
    other = one;
    other.is.connection = 2;
    assert_true(incident_fingerprint(&one) != incident_fingerprint(&other));
    other = one;
    other.hive = "h2";
    assert_true(incident_fingerprint(&one) != incident_fingerprint(&other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_each_subject_one_is_open),
        cmocka_unit_test(what_has_changed_is_given_to_the_store_once),
        cmocka_unit_test(an_open_one_is_of_what_it_is_now),
        cmocka_unit_test(of_two_that_the_store_has_as_open_the_first_is_none),
        cmocka_unit_test(the_hive_with_most_loses_its_oldest),
        cmocka_unit_test(who_finds_the_same_has_the_same_fingerprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
