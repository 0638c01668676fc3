/* Which announcements open an incident, and which end it. */
#include "incident_open.h"

#include "queen_script.h"

#define DIES "will 1.1; ack 10; wait 250; ack 10"

/* `worker h/w lost`, and why it ended; `(gone)` where there is no name. */
static void list(const struct scene *scene, struct buf *ret)
{
    const struct incident *incident = incident_book_after(&scene->queen->incidents.book, 0);
    for (; incident; incident = incident_book_next(incident)) {
        const char *end = incident_end_name(incident->is.end);
        buf_printf(ret, "%s%s %s/%s %s%s%s", ret->len ? ", " : "", incident_kind_name(incident->is.kind),
                   incident->hive, incident->worker, incident_class_name(incident->is.class), end ? " until " : "",
                   end ? end : "");
    }
}

static void check(const struct scene *scene, const char *why, const char *want)
{
    struct buf got = BUF_INIT;
    list(scene, &got);
    if (strcmp(buf_str(&got), want) != 0)
        fail_msg("%s:\n  got  %s\n  want %s", why, buf_str(&got), want);
    buf_clear(&got);
}

static void an_incident_opens_and_ends(void **state)
{
    static const struct row rows[] = {
        { "nothing is wrong", "up; birth 1.1; bye 1.1", "" },
        { "suspicion is none", "up; birth 1.1; will 1.1; ack 10", "" },
        { "a death", "up; birth 1.1; " DIES, "worker default/w1 lost" },
        { "... and its return", "up; birth 1.1; " DIES "; birth 1.2", "worker default/w1 lost until online" },
        { "... as another process", "up; birth 1.1; " DIES "; birth 2.1", "worker default/w1 lost until online" },
        { "... that leaves", "up; birth 1.1; crash 1.1; birth 2.1; bye 2.1", "worker default/w1 lost until online" },
        { "a second death", "up; birth 1.1; crash 1.1; birth 2.1; crash 2.1",
          "worker default/w1 lost until online, worker default/w1 lost" },
        { "forgotten", "up; birth 1.1; crash 1.1; delete; wait 1000", "worker default/w1 lost until forgotten" },
        { "two", "up; birth 1.1; birth 1.1 @w2; crash 1.1; crash 1.1 @w2",
          "worker default/w1 lost, worker default/w2 lost" },
        { "a zombie", "up; birth 1.1; demand; wait 7; answer stalled", "worker default/w1 stalled" },
        { "... that dies", "up; birth 1.1; demand; wait 7; answer stalled; crash 1.1", "worker default/w1 lost" },
        { "... and is back", "up; birth 1.1; demand; wait 7; answer stalled; crash 1.1; birth 2.1",
          "worker default/w1 lost until online" },
        { "blind for less than 30 s", "up; down; wait 29999", "" },
        { "... for 30 s", "up; down; wait 30000", "blind / unseen" },
        { "... and it sees", "up; down; wait 40000; connect; read", "blind / unseen until over" },
        { "... soon enough", "up; down; wait 20000; connect; read; wait 30000", "" },
        { "without a broker", "wait 30000", "blind / unseen" },
        { "... that comes", "wait 40000; connect; read", "blind / unseen until over" },
        { "what a verdict says", "connect; stored verdict stale last_will 1.1 1700000000000001; read",
          "worker default/w1 lost" },
        { "... of one that returned", "connect; stored verdict online birth 1.1 1700000000000001; read", "" },
        { "... that returns now", "connect; stored verdict stale last_will 1.1 1700000000000001; read; birth 1.2",
          "worker default/w1 lost until online" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct scene scene;
        scene_init(&scene);
        scene_run(&scene, rows[i].script);
        check(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

/* But for those whose end a witness knows, and for those that it has not held. */
static void workers_inside_a_storm_open_none(void **state)
{
    struct scene scene;
    struct record *held;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1 @a/w1; birth 1.1 @b/w2; birth 1.1 @c/w3; birth 1.1 @d/w4");
    held = registry_find(&scene.queen->registry, TEXT("a"), TEXT("w1"));
    held->in_storm = true;
    assert_int_equal(incident_storm(&scene.queen->incidents, 5, 1), OK);
    assert_int_equal(incident_storm(&scene.queen->incidents, 6, 1), OK);
    scene_run(&scene, "will 1.1 @a/w1; ack 10; wait 250; ack 10; crash 1.1 @b/w2");
    assert_int_equal(held->state, STATE_STALE);
    check(&scene, "storm", "storm / lost, worker b/w2 lost");
    scene_run(&scene, "will 1.1 @d/w4; ack 10; wait 250; ack 10");
    check(&scene, "not held", "storm / lost, worker b/w2 lost, worker d/w4 lost");
    held = registry_find(&scene.queen->registry, TEXT("c"), TEXT("w3"));
    held->in_storm = true;
    scene_run(&scene, "will 1.1 @c/w3");
    scene_message(&scene, "skep/v1/hive/c/worker/w3/witness", TEXT("{\"state\":\"failed\"}"));
    check(&scene, "a known end", "storm / lost, worker b/w2 lost, worker d/w4 lost, worker c/w3 lost");
    scene_run(&scene, "birth 2.1 @c/w3");
    scene_run(&scene, "birth 1.2 @a/w1");
    assert_false(registry_find(&scene.queen->registry, TEXT("a"), TEXT("w1"))->in_storm);
    incident_storm_ended(&scene.queen->incidents, 2);
    scene_run(&scene, "crash 2.1 @c/w3");
    check(&scene, "over",
          "storm / lost until over, worker b/w2 lost, worker d/w4 lost, worker c/w3 lost until online, "
          "worker c/w3 lost");
    scene_clear(&scene);
}

/* It begins when the queen became blind. */
static void an_incident_without_a_subject_has_an_event(void **state)
{
    struct scene scene;
    const struct incident *incident;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; down");
    assert_true(scene.queen->incidents.blind_event != 0);
    scene_run(&scene, "wait 40000");
    incident = incident_book_after(&scene.queen->incidents.book, 0);
    assert_true(incident->is.id == queen_last_event(scene.queen));
    assert_true(incident->is.opened == scene.wall - 10000 - INCIDENT_BLIND_MS);
    scene_clear(&scene);
    scene_init(&scene); /* there is none before the first link */
    scene_run(&scene, "wait 30000");
    incident = incident_book_after(&scene.queen->incidents.book, 0);
    assert_true(incident->is.id > 0 && incident->is.id < scene.queen->next_event);
    scene_clear(&scene);
}

/* Else all workers would be inside it for ever. */
static void a_storm_of_the_process_before_ends_with_the_first_view(void **state)
{
    struct store_row row = { .kind = STORE_INCIDENT,
                             .incident = { .id = 5, .kind = INCIDENT_STORM, .opened = 1, .ended = TIME_ABSENT } };
    struct scene scene;
    (void)state;
    scene_init(&scene);
    assert_int_equal(queen_restore(scene.queen, &row), OK);
    scene_run(&scene, "up; birth 1.1; crash 1.1");
    check(&scene, "the view begins", "storm / lost until over, worker default/w1 lost");
    scene_clear(&scene);
}

/* What the store had; the open one is not opened again, and ends. */
static void the_next_process_goes_on_with_them(void **state)
{
    struct scene scene;
    struct store_row row, rows[8];
    size_t count = 0;
    (void)state;
    scene_init(&scene);
    scene_run(&scene, "up; birth 1.1; crash 1.1; birth 2.1; crash 2.1");
    while (incident_next_row(&scene.queen->incidents, &row)) {
        row.hive = TEXT("default"); /* theirs end with the queen */
        row.worker = TEXT("w1");
        rows[count++] = row;
    }
    assert_int_equal(count, 2);
    scene_clear(&scene);
    scene_init(&scene);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(queen_restore(scene.queen, &rows[i]), OK);
    assert_false(incident_next_row(&scene.queen->incidents, &row));
    scene_run(&scene, "connect; stored verdict stale process_exited 2.1 1700000000000009; read");
    check(&scene, "restored", "worker default/w1 lost until online, worker default/w1 lost");
    scene_run(&scene, "birth 3.1");
    check(&scene, "ended", "worker default/w1 lost until online, worker default/w1 lost until online");
    assert_true(incident_next_row(&scene.queen->incidents, &row));
    assert_true(row.incident.id == rows[1].incident.id && row.incident.end == INCIDENT_ONLINE);
    assert_false(incident_next_row(&scene.queen->incidents, &row));
    scene_clear(&scene);
}

/* Of whom no row was left, or whose return was announced without it. */
static void what_was_left_open_ends_when_all_that_is_stored_is_known(void **state)
{
    static const struct {
        const char *why, *script, *want;
    } rows[] = {
        { "not all is known", "connect", "worker default/w1 lost" },
        { "nobody of that name", "connect; read; wait 1000", "worker default/w1 lost until forgotten" },
        { "one that is back", "connect; stored verdict online birth 2.1 1700000000000009; read; wait 1000",
          "worker default/w1 lost until online" },
        { "one that is lost", "connect; stored verdict stale last_will 1.1 1700000000000001; read; wait 1000",
          "worker default/w1 lost" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_row row = {
            .kind = STORE_INCIDENT,
            .hive = TEXT("default"),
            .worker = TEXT("w1"),
            .incident = { .id = 5, .kind = INCIDENT_WORKER, .state = STATE_STALE, .opened = 1, .ended = TIME_ABSENT }
        };
        struct scene scene;
        scene_init(&scene);
        assert_int_equal(queen_restore(scene.queen, &row), OK);
        scene_run(&scene, rows[i].script);
        check(&scene, rows[i].why, rows[i].want);
        scene_clear(&scene);
    }
}

static void what_no_queen_has_stored_is_refused(void **state)
{
#define EARLIEST (1 - (1LL << 52))
#define LOST INCIDENT_LOST, CAUSE_LAST_WILL
    static const struct {
        const char *why, *hive, *worker;
        uint64_t id;
        enum incident_kind kind;
        enum incident_class class;
        enum cause cause;
        ms_t opened, ended;
        enum err err;
    } rows[] = {
        { "of a worker", "h", "w", 1, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, OK },
        { "of a hive", "h", "", 1, INCIDENT_HIVE, LOST, 5, TIME_ABSENT, OK },
        { "of the fleet", "", "", 1, INCIDENT_STORM, LOST, 5, TIME_ABSENT, OK },
        { "an ended one", "h", "w", 1, INCIDENT_WORKER, LOST, 5, 6, OK },
        { "no event", "h", "w", 0, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "no such kind", "h", "w", 1, INCIDENT_KIND_COUNT, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "no such kind, of nobody", "", "", 1, INCIDENT_KIND_COUNT, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "no such class", "h", "w", 1, INCIDENT_WORKER, INCIDENT_CLASS_COUNT, CAUSE_LAST_WILL, 5, TIME_ABSENT,
          ERR_RANGE },
        { "no such cause", "h", "w", 1, INCIDENT_WORKER, INCIDENT_LOST, CAUSE_COUNT, 5, TIME_ABSENT, ERR_RANGE },
        { "no name of a hive", "-", "w", 1, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "no name of a worker", "h", "-", 1, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a worker without a hive", "", "w", 1, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a worker without a name", "h", "", 1, INCIDENT_WORKER, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a hive with a worker", "h", "w", 1, INCIDENT_HIVE, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a hive without a name", "", "", 1, INCIDENT_HIVE, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a storm of a worker", "h", "w", 1, INCIDENT_STORM, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "a storm of a hive", "h", "", 1, INCIDENT_STORM, LOST, 5, TIME_ABSENT, ERR_RANGE },
        { "opened too late", "h", "w", 1, INCIDENT_WORKER, LOST, 1 - EARLIEST, TIME_ABSENT, ERR_RANGE },
        { "... as late as can be", "h", "w", 1, INCIDENT_WORKER, LOST, -EARLIEST, TIME_ABSENT, OK },
        { "opened too early", "h", "w", 1, INCIDENT_WORKER, LOST, EARLIEST - 1, TIME_ABSENT, ERR_RANGE },
        { "... as early as can be", "h", "w", 1, INCIDENT_WORKER, LOST, EARLIEST, TIME_ABSENT, OK },
        { "ended too late", "h", "w", 1, INCIDENT_WORKER, LOST, 5, 1 - EARLIEST, ERR_RANGE },
    };
#undef EARLIEST
#undef LOST
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct store_row row = { .kind = STORE_INCIDENT,
                                 .hive = text_of(rows[i].hive),
                                 .worker = text_of(rows[i].worker),
                                 .incident = { .id = rows[i].id,
                                               .kind = rows[i].kind,
                                               .class = rows[i].class,
                                               .cause = rows[i].cause,
                                               .opened = rows[i].opened,
                                               .ended = rows[i].ended } };
        struct scene scene;
        print_message("%s\n", rows[i].why);
        scene_init(&scene);
        assert_int_equal(queen_restore(scene.queen, &row), rows[i].err);
        assert_int_equal(incident_book_after(&scene.queen->incidents.book, 0) != NULL, rows[i].err == OK);
        scene_clear(&scene);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incident_opens_and_ends),
        cmocka_unit_test(workers_inside_a_storm_open_none),
        cmocka_unit_test(an_incident_without_a_subject_has_an_event),
        cmocka_unit_test(a_storm_of_the_process_before_ends_with_the_first_view),
        cmocka_unit_test(the_next_process_goes_on_with_them),
        cmocka_unit_test(what_was_left_open_ends_when_all_that_is_stored_is_known),
        cmocka_unit_test(what_no_queen_has_stored_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
