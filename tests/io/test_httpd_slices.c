/* Answers that are made while they are sent, clients that do not take them, and what a turn of the loop is left with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "clock.h"
#include "site.h"

#define SLICE 65536
#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"

/* The listing of one answer. */
struct listing {
    unsigned slices; /* to be made */
    size_t bytes;    /* of each */
    unsigned empty;  /* slices with nothing in them, before the first */
    ms_t wait;       /* until then nothing, before the first */
    bool fails;      /* instead of the last one */
    size_t holds;    /* memory of its own */
    unsigned made, freed;
    unsigned in_vain; /* calls while it waits */
    size_t last;      /* bytes that were made of the last one */
} feed;

static bool feed_next(void *user, struct listing *listing, struct buf *slice)
{
    char number[16];
    (void)user;
    if (listing->wait > clock_mono()) {
        listing->in_vain++;
        return true;
    }
    listing->wait = 0;
    if (listing->empty > 0) {
        listing->empty--;
        return true;
    }
    snprintf(number, sizeof number, "<%u>", ++listing->made);
    buf_add_str(slice, number);
    for (size_t left = listing->bytes; left > 0; left--)
        buf_add_char(slice, '.');
    listing->last = slice->len;
    slice->failed |= listing->fails && listing->made == listing->slices;
    return listing->made < listing->slices;
}

static ms_t feed_wait(const struct listing *listing)
{
    return listing->wait;
}

static size_t feed_bytes(const struct listing *listing)
{
    return listing->holds;
}

static void feed_free(struct listing *listing)
{
    listing->freed++;
}

static ms_t handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    site->calls++;
    ret->status = 200;
    ret->content_type = "text/plain";
    if (strcmp(request->path, "/large") == 0) {
        for (unsigned i = 0; i < HTTPD_HELD_PER_PEER; i++)
            buf_add_char(&ret->body, 'x');
    } else if (strcmp(request->path, "/nearly") == 0) {
        for (unsigned i = 0; i < HTTPD_HELD_PER_PEER - 2 * (HTTPD_SENT + HTTPD_SLICE); i++)
            buf_add_char(&ret->body, 'x');
    } else if (strcmp(request->path, "/empty-feed") == 0) {
        ret->listing = &feed;
    } else if (strcmp(request->path, "/slow") == 0) {
        nanosleep(&(struct timespec){ .tv_nsec = 2 * HTTPD_TURN_US * 1000 }, NULL);
    } else if (strcmp(request->path, "/wait") == 0) {
        return site->wait;
    } else if (strcmp(request->path, "/feed") == 0 || strcmp(request->path, "/later") == 0) {
        if (strcmp(request->path, "/feed") == 0)
            buf_add_str(&ret->body, "<0>");
        ret->listing = &feed;
        ret->wakes_on = SITE_WAKE;
    }
    return 0;
}

static const struct httpd_handlers handlers = { handle, site_fault, feed_next, feed_wait, feed_bytes, feed_free };

static void open_site(struct site *site, ms_t step, struct listing wanted)
{
    feed = wanted;
    site_start(site, (struct httpd_options){ .connections = 100, .body_limit = 100, .step_ms = step }, &handlers);
}

static void short_answer_is_whole(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 1, .bytes = 2 });
    line_open(&line, &site);
    line_say(&line, GET("/feed"));
    line_await(&line, &site, "<0><1>..");
    assert_non_null(strstr(line.answer, "Content-Length: 8\r\n"));
    close(line.fd);
    site_close(&site);
}

static void slices_come_in_order(void **state)
{
    static const struct {
        const char *why, *request, *end;
        bool chunked;
    } rows[] = {
        { "chunks", GET("/feed"), "\r\n0\r\n\r\n", true },
        { "HTTP/1.0 has none: the end is the end of the connection", "GET /feed HTTP/1.0\r\n\r\n", NULL, false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site site;
        struct line line;
        open_site(&site, 0, (struct listing){ .slices = 3, .empty = 2, .bytes = 10 });
        line_open(&line, &site);
        line_say(&line, rows[i].request);
        line_await(&line, &site, rows[i].end);
        if (!strstr(line.answer, "<0>") || !strstr(line.answer, "<1>..........") ||
            !strstr(line.answer, "<2>..........") || !strstr(line.answer, "<3>..........") ||
            !strstr(line.answer, "chunked") != !rows[i].chunked)
            fail_msg("%s: %s", rows[i].why, line.answer);
        assert_int_equal(feed.made, 3);
        close(line.fd);
        site_close(&site);
        assert_int_equal(feed.freed, 1);
    }
}

static void the_first_slice_may_be_waited_for(void **state)
{
    struct site site;
    struct line line, other;
    (void)state;
    for (int woken = 0; woken < 2; woken++) {
        open_site(&site, 0, (struct listing){ .slices = 3, .bytes = 10 });
        feed.wait = clock_mono() + (woken ? 3600000 : 30);
        line_open(&line, &site);
        line_say(&line, GET("/later"));
        site_await_calls(&site, 1);
        if (woken) {
            httpd_wake(site.httpd, SITE_WAKE); /* in vain */
            line_open(&other, &site);
            line_say(&other, GET("/"));
            line_await(&other, &site, " 200 ");
            close(other.fd);
            assert_int_equal(feed.made, 0);
            feed.wait = 0;
            httpd_wake(site.httpd, SITE_WAKE);
        }
        line_await(&line, &site, "\r\n0\r\n\r\n");
        assert_non_null(strstr(line.answer, " 200 "));
        assert_non_null(strstr(line.answer, "<1>"));
        assert_int_equal(feed.made, 3);
        assert_in_range(feed.in_vain, 1, 3); /* the loop sleeps meanwhile */
        assert_int_equal(site.calls, 1 + woken);
        close(line.fd);
        site_close(&site);
    }
}

static void a_listing_that_still_waits_may_be_freed(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 1, .wait = MS_NEVER });
    line_open(&line, &site);
    line_say(&line, GET("/later"));
    site_await_calls(&site, 1);
    site_close(&site);
    assert_int_equal(feed.freed, 1);
    close(line.fd);
}

static void head_has_no_slices(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 3 });
    line_open(&line, &site);
    line_say(&line, "HEAD /feed HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    line_await(&line, &site, NULL);
    assert_null(strstr(line.answer, "<0>"));
    assert_int_equal(feed.freed, 1);
    close(line.fd);
    site_close(&site);
}

static void failure_shows(void **state)
{
    static const struct {
        const char *why;
        unsigned slices;
        const char *want;
    } rows[] = {
        { "at once: there is a status for it", 1, "fault 503" },
        { "later: the last chunk is missing", 2, "<1>" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site site;
        struct line line;
        open_site(&site, 0, (struct listing){ .slices = rows[i].slices, .fails = true });
        line_open(&line, &site);
        line_say(&line, GET("/feed"));
        line_await(&line, &site, rows[i].want);
        if (rows[i].slices > 1)
            line_await(&line, &site, NULL);
        assert_null(strstr(line.answer, "\r\n0\r\n"));
        assert_int_equal(feed.freed, 1);
        close(line.fd);
        site_close(&site);
    }
}

static bool feed_is_freed(void *user)
{
    (void)user;
    return feed.freed > 0;
}

static void slices_are_made_as_they_are_taken(void **state)
{
    enum { SLICES = 1000 }; /* 64 MB */
    struct site site;
    struct line line;
    unsigned made;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = SLICES, .bytes = SLICE });
    line_open_reader(&line, &site, GET("/feed"));
    do {
        made = feed.made;
        await_span(site.loop, 100);
    } while (made == 0 || feed.made != made);
    assert_in_range(made, 1, 2 * HTTPD_SENT / SLICE); /* what the kernel takes for the client */
    close(line.fd);
    assert_true(await_loop(site.loop, feed_is_freed, NULL, AWAIT_LIMIT));
    assert_true(feed.made < SLICES);
    site_close(&site);
    assert_int_equal(feed.freed, 1);
}

static void server_may_end_before_the_answer(void **state)
{
    struct site site;
    struct line line;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 1000, .bytes = SLICE });
    line_open_reader(&line, &site, GET("/feed"));
    site_await_calls(&site, 1);
    site_close(&site);
    assert_int_equal(feed.freed, 1);
    close(line.fd);
}

static void slow_clients_are_dropped(void **state)
{
    static const struct {
        const char *why, *request;
    } rows[] = {
        { "nothing is sent", "" },
        { "half a header", "GET / HTTP/1.1\r\nHo" },
        { "half a body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nbod" },
        { "kept open for another request", GET("/") },
        { "the answer is not taken", GET("/feed") },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site site;
        struct line line;
        open_site(&site, 1, (struct listing){ .slices = 1000, .bytes = 1 });
        feed.bytes = strstr(rows[i].request, "/feed") ? SLICE : 1;
        line_open_reader(&line, &site, rows[i].request);
        if (strstr(rows[i].request, "/feed"))
            assert_true(await_loop(site.loop, feed_is_freed, NULL, AWAIT_LIMIT));
        else
            line_await(&line, &site, NULL);
        close(line.fd);
        site_close(&site);
    }
}

static void untaken_answers_are_limited(void **state)
{
    struct site site;
    struct line first, second;
    (void)state;
    open_site(&site, 0, (struct listing){ 0 });
    line_open_reader(&first, &site, GET("/large"));
    site_await_calls(&site, 1);
    line_open(&second, &site);
    line_say(&second, GET("/large"));
    line_await(&second, &site, "fault 503");
    close(first.fd);
    do { /* its end shows with the next piece that is sent */
        line_say(&second, GET("/"));
        line_await(&second, &site, "HTTP/1.1 ");
    } while (!strstr(second.answer, "200 OK"));
    close(second.fd);
    site_close(&site);
}

static void what_listings_hold_is_limited(void **state)
{
    struct site site;
    struct line first, second;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 1000, .bytes = SLICE, .holds = HTTPD_HELD_PER_PEER });
    line_open_reader(&first, &site, GET("/feed"));
    site_await_calls(&site, 1);
    line_open(&second, &site);
    line_say(&second, GET("/feed"));
    line_await(&second, &site, "fault 503");
    assert_int_equal(feed.freed, 1);
    close(first.fd);
    close(second.fd);
    feed.freed = 0; /* both answers have the same one */
    site_close(&site);
}

/* Who requests long ones again and again costs little more than who gets none. */
static void refusals_are_cheap(void **state)
{
    struct site site;
    struct line first, second;
    (void)state;
    open_site(&site, 0, (struct listing){ .slices = 1000, .bytes = SLICE });
    line_open_reader(&first, &site, GET("/large"));
    site_await_calls(&site, 1);
    line_open(&second, &site);
    line_say(&second, GET("/empty-feed"));
    line_await(&second, &site, "fault 503: Too many");
    assert_int_equal(feed.made, 1);
    assert_in_range(feed.last, 0, HTTPD_SHORT);
    feed = (struct listing){ .slices = 1, .bytes = HTTPD_SHORT / 2 };
    line_say(&second, GET("/empty-feed"));
    line_await(&second, &site, "200 OK");
    close(first.fd);
    close(second.fd);
    site_close(&site);
}

static unsigned grown; /* listings whose memory has reached its size */

static size_t grow(const struct listing *listing)
{
    return ++grown > 2 ? listing->holds : 1;
}

/* What is refused while it prepares its answer has sent nothing yet; what has begun is completed, whatever it holds. */
static void refusals_come_before_the_answer(void **state)
{
    static const struct {
        const char *why;
        unsigned empty;
        const char *want, *never;
    } rows[] = {
        { "it grows before it begins", 4, "fault 503", "200 OK" },
        { "it grows after it began", 0, "\r\n0\r\n\r\n", "503" },
    };
    static struct httpd_handlers growing;
    (void)state;
    growing = handlers;
    growing.listing_bytes = grow;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct site site;
        struct line first, second;
        feed = (struct listing){ .slices = 6, .bytes = 10, .empty = rows[i].empty, .holds = HTTPD_HELD_PER_PEER };
        grown = 0;
        site_start(&site, (struct httpd_options){ .connections = 100, .body_limit = 100 }, &growing);
        line_open_reader(&first, &site, GET("/nearly"));
        site_await_calls(&site, 1);
        line_open(&second, &site);
        line_say(&second, GET("/empty-feed"));
        line_await(&second, &site, rows[i].want);
        if (strstr(second.answer, rows[i].never))
            fail_msg("%s: %s", rows[i].why, second.answer);
        close(first.fd);
        close(second.fd);
        site_close(&site);
    }
}

struct turns {
    struct site *site;
    unsigned want, seen, most;
};

static bool turn_ends(void *user)
{
    struct turns *turns = user;
    unsigned handled = turns->site->calls - turns->seen;
    turns->most = handled > turns->most ? handled : turns->most;
    turns->seen = turns->site->calls;
    return turns->seen >= turns->want;
}

static void turns_have_a_budget(void **state)
{
    struct line lines[20];
    struct site site;
    struct turns turns = { .site = &site, .want = ARRAY_LEN(lines) };
    (void)state;
    open_site(&site, 0, (struct listing){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], GET("/slow"));
    }
    assert_true(await_loop(site.loop, turn_ends, &turns, AWAIT_LIMIT));
    assert_int_equal(turns.most, 1); /* each takes more than the budget */
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        line_await(&lines[i], &site, "200 OK");
        close(lines[i].fd);
    }
    site_close(&site);
}

/* A clock on which each request takes as long as a turn may, and runs of libmicrohttpd behind one. */
static struct {
    const struct site *site; /* NULL: the real clock */
    unsigned calls;          /* before this turn of the loop */
    unsigned late_runs;
} slow;

/* Named by the linker's --wrap. */
struct MHD_Daemon;
int __real_MHD_run(struct MHD_Daemon *daemon);
int __wrap_MHD_run(struct MHD_Daemon *daemon);
int64_t __real_clock_mono_us(void);
int64_t __wrap_clock_mono_us(void);

static unsigned runs;

int __wrap_MHD_run(struct MHD_Daemon *daemon)
{
    runs++;
    slow.late_runs += slow.site && slow.site->calls > slow.calls;
    return __real_MHD_run(daemon);
}

int64_t __wrap_clock_mono_us(void)
{
    return slow.site ? (int64_t)slow.site->calls * HTTPD_TURN_US : __real_clock_mono_us();
}

static bool slow_turn_ends(void *user)
{
    slow.calls = slow.site->calls;
    return slow.calls >= *(unsigned *)user;
}

/* Which has work of its own with each request, and with those that no handler sees. */
static void libmicrohttpd_runs_within_the_budget(void **state)
{
    struct line lines[20];
    struct site site;
    unsigned want = ARRAY_LEN(lines);
    (void)state;
    open_site(&site, 0, (struct listing){ 0 });
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        line_open(&lines[i], &site);
        line_say(&lines[i], GET("/"));
    }
    slow.site = &site;
    assert_true(await_loop(site.loop, slow_turn_ends, &want, AWAIT_LIMIT));
    slow.site = NULL;
    assert_int_equal(slow.late_runs, 0);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        line_await(&lines[i], &site, "200 OK");
        close(lines[i].fd);
    }
    site_close(&site);
}

static void clients_that_left_do_not_wait(void **state)
{
    struct site site;
    struct line line, next;
    (void)state;
    feed = (struct listing){ 0 };
    site_start(&site, (struct httpd_options){ .connections = 1, .body_limit = 100 }, &handlers);
    line_open(&line, &site);
    line_say(&line, GET("/wait"));
    site_await_calls(&site, 1);
    close(line.fd);
    line_ask(&next, &site, "/");
    assert_non_null(strstr(next.answer, "200 OK"));
    site_close(&site);
}

/* What they sent and their end come together. */
static void clients_that_left_halfway_are_noticed(void **state)
{
    static const char *const halves[] = { "", "GET / HT", "GET / HTTP/1.1\r\nHost: h\r\nX: ",
                                          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 90\r\n\r\nhalf" };
    struct site site;
    struct line line;
    (void)state;
    feed = (struct listing){ 0 };
    site_start(&site, (struct httpd_options){ .connections = 1, .body_limit = 100 }, &handlers);
    for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
        line_open(&line, &site);
        line_say(&line, halves[i]);
        close(line.fd);
        line_open(&line, &site);
        line_say(&line, GET("/"));
        line_await(&line, &site, "200 OK");
        close(line.fd);
    }
    site_close(&site);
}

/* A client that cannot be accepted shows as readable for ever, which must not keep the loop from sleeping. */
static void nothing_spins_without_descriptors(void **state)
{
    struct rlimit before, none;
    struct site site;
    struct line line;
    (void)state;
    open_site(&site, 0, (struct listing){ 0 });
    line_open(&line, &site);
    line_say(&line, GET("/"));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = (rlim_t)dup(line.fd);
    close((int)none.rlim_cur); /* the lowest that is free is one too many */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    runs = 0;
    await_span(site.loop, 500);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_in_range(runs, 1, 50);
    assert_int_equal(site.calls, 0);
    line_await(&line, &site, "200 OK");
    close(line.fd);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_answer_is_whole),
        cmocka_unit_test(slices_come_in_order),
        cmocka_unit_test(the_first_slice_may_be_waited_for),
        cmocka_unit_test(a_listing_that_still_waits_may_be_freed),
        cmocka_unit_test(head_has_no_slices),
        cmocka_unit_test(failure_shows),
        cmocka_unit_test(slices_are_made_as_they_are_taken),
        cmocka_unit_test(server_may_end_before_the_answer),
        cmocka_unit_test(slow_clients_are_dropped),
        cmocka_unit_test(untaken_answers_are_limited),
        cmocka_unit_test(what_listings_hold_is_limited),
        cmocka_unit_test(refusals_are_cheap),
        cmocka_unit_test(refusals_come_before_the_answer),
        cmocka_unit_test(turns_have_a_budget),
        cmocka_unit_test(libmicrohttpd_runs_within_the_budget),
        cmocka_unit_test(clients_that_left_do_not_wait),
        cmocka_unit_test(clients_that_left_halfway_are_noticed),
        cmocka_unit_test(nothing_spins_without_descriptors),
    };
    return cmocka_run_group_tests_name("httpd_slices", tests, NULL, NULL);
}
