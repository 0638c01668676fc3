/* Who is served first: not those whose answers take many slices. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "site.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: h\r\n\r\n"
#define LONG 40 /* of them wait */

/* That of all long answers: none ever has anything, and each look takes 1 ms. */
struct listing {
    unsigned slices;
} feed;

static bool feed_next(void *user, struct listing *listing, struct buf *slice)
{
    (void)user, (void)slice;
    listing->slices++;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    return true;
}

static ms_t feed_wait(const struct listing *listing)
{
    (void)listing;
    return 0;
}

static size_t feed_bytes(const struct listing *listing)
{
    (void)listing;
    return 0;
}

static void feed_free(struct listing *listing)
{
    (void)listing;
}

static ms_t handle(void *user, const struct http_request *request, struct http_response *ret)
{
    struct site *site = user;
    site->calls++;
    ret->status = 200;
    ret->content_type = "text/plain";
    ret->wakes_on = SITE_WAKE;
    if (strcmp(request->path, "/long") == 0)
        ret->listing = &feed;
    return strcmp(request->path, "/wait") == 0 && !site->open ? 3600000 : 0;
}

static const struct httpd_handlers handlers = { handle, site_fault, feed_next, feed_wait, feed_bytes, feed_free };

/* One that is new, or is woken. */
static void a_short_answer_does_not_wait_for_all_long_ones(void **state)
{
    (void)state;
    for (unsigned woken = 0; woken < 2; woken++) {
        struct site site;
        struct line lines[LONG], brief;
        site_start(&site, (struct httpd_options){ .connections = 100 }, &handlers);
        line_open(&brief, &site);
        if (woken)
            line_say(&brief, GET("/wait"));
        for (unsigned i = 0; i < LONG; i++) {
            line_open(&lines[i], &site);
            line_say(&lines[i], GET("/long"));
        }
        site_await_calls(&site, LONG + woken);
        feed.slices = 0;
        site.open = true;
        if (woken)
            httpd_wake(site.httpd, SITE_WAKE);
        else
            line_say(&brief, GET("/"));
        site_await_calls(&site, LONG + 1 + woken);
        assert_in_range(feed.slices, 0, LONG / 2);
        for (unsigned i = 0; i < LONG; i++)
            close(lines[i].fd);
        close(brief.fd);
        site_close(&site);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_answer_does_not_wait_for_all_long_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
