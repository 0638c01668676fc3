/* How long a client may take for its answer, on a clock of this test's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "await.h"
#include "clock.h"
#include "site.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
#define SLICES 1000
#define WHOLE (1u << 20) /* bytes of the answer that is made in one piece */

/* Named by the linker's --wrap. It stands still while a condition is awaited. */
static ms_t now = 1000000;
ms_t __wrap_clock_mono(void);

ms_t __wrap_clock_mono(void)
{
    return now;
}

struct listing {
    unsigned made;
} feed;

static bool feed_next(void *user, struct listing *listing, struct buf *slice)
{
    (void)user;
    for (size_t i = 0; i < HTTPD_SLICE; i++)
        buf_add_char(slice, '.');
    return ++listing->made < SLICES;
}

static ms_t handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    site->calls++;
    ret->status = 200;
    ret->content_type = "text/plain";
    if (strcmp(request->path, "/feed") == 0)
        ret->listing = &feed;
    else
        for (size_t i = 0; i < WHOLE; i++)
            buf_add_char(&ret->body, '.');
    return 0;
}

static const struct httpd_handlers handlers = {
    handle, site_fault, feed_next, site_listing_wait, site_listing_bytes, site_listing_free
};

/* What a client takes of its answer. */
struct taker {
    struct line line;
    size_t want, taken;
    bool closed;
};

static bool has_taken(void *user)
{
    static char bytes[65536];
    struct taker *taker = user;
    ssize_t got = 1;
    while (got > 0 && taker->taken < taker->want) {
        size_t left = taker->want - taker->taken;
        got = recv(taker->line.fd, bytes, left < sizeof bytes ? left : sizeof bytes, MSG_DONTWAIT);
        taker->taken += got > 0 ? (size_t)got : 0;
    }
    taker->closed = got == 0 || (got < 0 && errno == ECONNRESET);
    return taker->closed || taker->taken == taker->want;
}

/* False: the server has ended the connection. */
static bool take(struct taker *taker, struct site *site, size_t bytes)
{
    taker->want = bytes;
    taker->taken = 0;
    assert_true(await_loop(site->loop, has_taken, taker, AWAIT_LIMIT));
    return !taker->closed;
}

static void start(struct site *site, struct taker *taker, const char *request)
{
    *taker = (struct taker){ 0 };
    site_start(site, (struct httpd_options){ .connections = 10, .body_limit = 100 }, &handlers);
    line_open(&taker->line, site);
    assert_int_equal(setsockopt(taker->line.fd, SOL_SOCKET, SO_RCVBUF, &(int){ HTTPD_SLICE }, sizeof(int)), 0);
    line_say(&taker->line, request);
    site_await_calls(site, 1);
}

static void end(struct site *site, struct taker *taker)
{
    close(taker->line.fd);
    site_close(site);
}

/* However steadily it is taken: it may hold memory for no longer. */
static void answers_end_after_ten_minutes(void **state)
{
    enum { OFTEN = HTTPD_STEP_MS - 1000, ENOUGH = 4 * HTTPD_SENT }; /* that more is made each time */
    struct taker taker;
    struct site site;
    unsigned times = 0;
    (void)state;
    start(&site, &taker, GET("/feed"));
    while (take(&taker, &site, ENOUGH)) {
        times++;
        now += OFTEN;
    }
    assert_int_equal(times, 10 * 60 * 1000 / OFTEN + 1);
    end(&site, &taker);
}

static bool turns_pass(void *user)
{
    return --*(unsigned *)user == 0;
}

/* What was not taken meanwhile is there, or lost. */
static void large_answers_have_longer(void **state)
{
    (void)state;
    for (ms_t over = 0; over < 2; over++) {
        struct taker taker;
        struct site site;
        unsigned turns = 20;
        start(&site, &taker, GET("/whole"));
        assert_true(take(&taker, &site, 100)); /* its head: it is under way */
        now += HTTPD_STEP_MS + WHOLE * 1000LL / HTTPD_SLOWEST - 1 + over;
        assert_true(await_loop(site.loop, turns_pass, &turns, AWAIT_LIMIT));
        assert_int_equal(take(&taker, &site, WHOLE), !over);
        end(&site, &taker);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_end_after_ten_minutes),
        cmocka_unit_test(large_answers_have_longer),
    };
    return cmocka_run_group_tests_name("httpd_deadlines", tests, NULL, NULL);
}
