/* Requests that are refused are answered like others: once, in a later turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "await.h"
#include "http_client.h"
#include "site.h"

#define RUNNING 320

struct told {
    struct http_client *client;
    bool busy; /* what an answer must not come into */
    unsigned count, want;
    unsigned again; /* to be refused from within answers */
    int status[RUNNING + 8];
    char why[ERRBUF_SIZE];
};

static void add(struct told *told, const char *url, uint64_t token)
{
    told->busy = true;
    assert_int_equal(http_client_get(told->client, url, token, AWAIT_LIMIT), OK);
    told->busy = false;
}

static void on_answered(void *user, uint64_t token, const struct http_answer *answer)
{
    struct told *told = user;
    assert_false(told->busy);
    assert_int_equal(told->status[token], -1);
    told->status[token] = answer->status;
    told->count++;
    if (answer->fault)
        snprintf(told->why, sizeof told->why, "%s", answer->fault);
    if (told->again > 0) {
        told->again--;
        add(told, "http://worker.example", token + 1);
    }
}

static void begin(struct told *told, struct site *site, struct cidr_list *allowed)
{
    struct http_client_options options = { .allowed = allowed, .path = "/health", .limit = RUNNING };
    *told = (struct told){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(told->status); i++)
        told->status[i] = -1;
    site_open(site, 2 * RUNNING, 0);
    assert_int_equal(cidr_list_parse(TEXT("127.0.0.0/8"), allowed, NULL), OK);
    assert_int_equal(http_client_new(site->loop, &options, on_answered, told, &told->client), OK);
}

static bool is_told(void *user)
{
    struct told *told = user;
    return told->count >= told->want;
}

static void await_told(struct told *told, struct site *site, unsigned want)
{
    told->want = want;
    assert_true(await_loop(site->loop, is_told, told, AWAIT_LIMIT));
}

static void each_is_answered_once_and_later(void **state)
{
    struct cidr_list allowed;
    struct told told;
    struct site site;
    char url[80];
    (void)state;
    begin(&told, &site, &allowed);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", httpd_port(site.httpd));
    add(&told, url, 0);
    add(&told, "http://127.0.0.1/metrics", 1);
    await_told(&told, &site, 2);
    assert_int_equal(told.status[0], 200);
    assert_string_equal(site.path, "/health");
    assert_int_equal(told.status[1], 0);
    assert_non_null(strstr(told.why, "no other path than /health"));
    http_client_free(told.client);
    site_close(&site);
}

static void a_refusal_may_lead_to_another(void **state)
{
    struct cidr_list allowed;
    struct told told;
    struct site site;
    (void)state;
    begin(&told, &site, &allowed);
    told.again = 3;
    add(&told, "http://worker.example", 0);
    await_told(&told, &site, 4);
    await_span(site.loop, 20);
    assert_int_equal(told.count, 4);
    http_client_free(told.client);
    site_close(&site);
}

static void more_than_can_run_are_refused(void **state)
{
    struct cidr_list allowed;
    struct told told;
    struct site site;
    char url[80];
    (void)state;
    begin(&told, &site, &allowed);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", httpd_port(site.httpd));
    for (uint64_t token = 0; token <= RUNNING; token++)
        add(&told, url, token);
    await_told(&told, &site, RUNNING + 1);
    for (size_t i = 0; i < RUNNING; i++)
        assert_int_equal(told.status[i], 200);
    assert_int_equal(told.status[RUNNING], 0);
    assert_non_null(strstr(told.why, "under way"));
    http_client_free(told.client);
    site_close(&site);
}

static void freeing_drops_all(void **state)
{
    struct cidr_list allowed;
    struct told told;
    struct site site;
    char url[80];
    (void)state;
    begin(&told, &site, &allowed);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", httpd_port(site.httpd));
    add(&told, url, 0);
    add(&told, "http://worker.example", 1);
    http_client_free(told.client);
    await_span(site.loop, 20);
    assert_int_equal(told.count, 0);
    site_close(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_answered_once_and_later),
        cmocka_unit_test(a_refusal_may_lead_to_another),
        cmocka_unit_test(more_than_can_run_are_refused),
        cmocka_unit_test(freeing_drops_all),
    };
    return cmocka_run_group_tests_name("http_client_refusals", tests, NULL, NULL);
}
