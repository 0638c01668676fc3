/* Who is served first: not those whose answers take long. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define OTHERS 40

/* On this clock only what follows takes time. */
static int64_t now_us, look_us;
static unsigned looks; /* since the brief one is there */
static unsigned looks_before;

static void look(void)
{
    now_us += look_us;
    looks++;
}

int64_t __wrap_clock_mono_us(void);
int64_t __wrap_clock_mono_us(void)
{
    return now_us;
}

/* That of all long answers: none ever has anything. */
struct listing {
    char unused;
} feed;

static bool feed_next(void *user, struct listing *listing, struct buf *slice)
{
    (void)user, (void)listing, (void)slice;
    look();
    return true;
}

static ms_t handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    site->calls++;
    now_us += 10;
    ret->status = 200;
    ret->content_type = "text/plain";
    ret->wakes_on = SITE_WAKE;
    if (strcmp(request->path, "/long") == 0)
        ret->listing = &feed;
    else if (strcmp(request->path, "/dear") == 0)
        look();
    else if (strcmp(request->path, "/wait") == 0 && !site->open)
        return 3600000;
    else
        looks_before = looks;
    return 0;
}

static const struct httpd_handlers handlers = {
    handle, site_fault, feed_next, site_listing_wait, site_listing_bytes, site_listing_free
};

static void open_lines(struct site *site, struct line *lines, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        line_open(&lines[i], site);
        line_say(&lines[i], GET("/"));
        line_await(&lines[i], site, "200 OK");
    }
}

static void a_short_answer_does_not_wait_for_all_others(void **state)
{
    static const struct {
        const char *why, *others;
        unsigned begun; /* so many of the others have been handled when the brief one comes */
        bool woken;
    } rows[] = {
        { "a new one, before lists that have begun", GET("/long"), OTHERS, false },
        { "a new one, before lists that came with it", GET("/long"), 0, false },
        { "one that is woken, before lists that have begun", GET("/long"), OTHERS, true },
        { "one that is woken, before lists that have not", GET("/long"), 1, true },
        { "one that is woken, before answers that are not lists", GET("/dear"), 1, true },
    };
    (void)state;
    look_us = 1000;
    for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
        struct site site;
        struct line others[OTHERS], brief;
        site_start(&site, (struct httpd_options){ .connections = 100 }, &handlers);
        open_lines(&site, others, OTHERS);
        open_lines(&site, &brief, 1);
        if (rows[r].woken)
            line_say(&brief, GET("/wait"));
        site_await_calls(&site, OTHERS + 1 + rows[r].woken);
        for (unsigned i = 0; i < OTHERS; i++)
            line_say(&others[i], rows[r].others);
        site_await_calls(&site, OTHERS + 1 + rows[r].woken + rows[r].begun);
        looks = 0;
        site.open = true;
        if (rows[r].woken)
            httpd_wake(site.httpd, SITE_WAKE);
        else
            line_say(&brief, GET("/"));
        line_await(&brief, &site, "200 OK");
        if (looks_before > OTHERS / 4)
            fail_msg("%s: %u", rows[r].why, looks_before);
        for (unsigned i = 0; i < OTHERS; i++)
            close(others[i].fd);
        close(brief.fd);
        site_close(&site);
    }
}

/* libmicrohttpd accepts 10 in a row: not once in a turn of the loop, while lists take all its time. */
static void who_is_to_be_accepted_does_not_wait_for_turns(void **state)
{
    struct site site;
    struct line long_one, others[100];
    (void)state;
    look_us = HTTPD_TURN_US / 20;
    site_start(&site, (struct httpd_options){ .connections = 200 }, &handlers);
    line_open(&long_one, &site);
    line_say(&long_one, GET("/long"));
    site_await_calls(&site, 1);
    for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
        line_open(&others[i], &site);
        line_say(&others[i], GET("/"));
    }
    looks = 0;
    site_await_calls(&site, 1 + ARRAY_LEN(others));
    assert_in_range(looks, 0, ARRAY_LEN(others));
    for (unsigned i = 0; i < ARRAY_LEN(others); i++)
        close(others[i].fd);
    close(long_one.fd);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_answer_does_not_wait_for_all_others),
        cmocka_unit_test(who_is_to_be_accepted_does_not_wait_for_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
