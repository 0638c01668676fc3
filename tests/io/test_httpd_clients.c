/* Who is let in, and how much its answers may hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>

#include "httpd.h"
#include "httpd_clients.h"

static struct sockaddr_storage address_of(const char *text)
{
    struct sockaddr_storage address = { .ss_family = strchr(text, ':') ? AF_INET6 : AF_INET };
    void *bytes = strchr(text, ':') ? (void *)&((struct sockaddr_in6 *)(void *)&address)->sin6_addr
                                    : (void *)&((struct sockaddr_in *)(void *)&address)->sin_addr;
    assert_int_equal(inet_pton(address.ss_family, text, bytes), 1);
    return address;
}

static bool may_enter(const struct clients *clients, const char *text)
{
    struct sockaddr_storage address = address_of(text);
    return clients_may_enter(clients, (struct sockaddr *)&address);
}

static struct client *enter(struct clients *clients, const char *text)
{
    struct sockaddr_storage address = address_of(text);
    struct client *client = client_new(clients, (struct sockaddr *)&address);
    assert_non_null(client);
    return client;
}

static void one_owner_has_one_limit(void **state)
{
    static const struct {
        const char *why, *first, *second;
        bool same;
    } rows[] = {
        { "the same address", "192.0.2.1", "192.0.2.1", true },
        { "its neighbour", "192.0.2.1", "192.0.2.2", false },
        { "the same, as a v6 socket shows it", "192.0.2.1", "::ffff:192.0.2.1", true },
        { "its neighbour, so shown", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
        { "the same 64 bits", "2001:db8::1", "2001:db8::ffff:1", true },
        { "... whatever the others are", "2001:db8::1", "2001:db8::8000:0:0:1", true },
        { "another network", "2001:db8::1", "2001:db8:0:1::1", false },
        { "the loopback is not of the network 0", "::1", "::2", false },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct clients clients = { .limit = 10, .limit_per_peer = 1 };
        struct client *client = enter(&clients, rows[i].first);
        if (may_enter(&clients, rows[i].second) == rows[i].same)
            fail_msg("%s", rows[i].why);
        client_free(&clients, client);
        assert_true(may_enter(&clients, rows[i].second));
    }
}

static void the_loopback_gets_what_is_kept_back(void **state)
{
    static const struct {
        const char *address;
        bool enters;
    } rows[] = {
        { "127.0.0.1", true },         { "127.1.2.3", true },  { "::1", true },
        { "::ffff:127.0.0.1", true },  { "192.0.2.1", false }, { "2001:db8::1", false },
        { "::ffff:192.0.2.1", false }, { "::", false },
    };
    struct clients clients = { .limit = 1 };
    struct client *client = enter(&clients, "192.0.2.9");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (may_enter(&clients, rows[i].address) != rows[i].enters)
            fail_msg("%s", rows[i].address);
    client_free(&clients, client);
    assert_true(may_enter(&clients, "192.0.2.1"));
}

static bool hold(struct clients *clients, struct client *client, size_t bytes)
{
    if (!client_may_hold(clients, client, bytes))
        return false;
    client_hold(clients, client, bytes);
    return true;
}

static void bytes_are_limited(void **state)
{
    struct clients clients = { .limit = 10 };
    struct client *one = enter(&clients, "192.0.2.1"), *same = enter(&clients, "192.0.2.1");
    struct client *others[HTTPD_HELD_MAX / HTTPD_HELD_PER_ADDRESS];
    (void)state;
    assert_true(hold(&clients, one, HTTPD_HELD_PER_ADDRESS));
    assert_false(hold(&clients, same, 1));
    for (size_t i = 1; i < ARRAY_LEN(others); i++) {
        char address[] = "192.0.2.x";
        address[8] = (char)('1' + (char)i);
        others[i] = enter(&clients, address);
        assert_true(hold(&clients, others[i], HTTPD_HELD_PER_ADDRESS));
    }
    others[0] = enter(&clients, "192.0.2.9");
    assert_false(hold(&clients, others[0], 1));
    client_release(&clients, one, HTTPD_HELD_PER_ADDRESS);
    assert_true(hold(&clients, same, 1));
    client_release(&clients, same, 1);
    for (size_t i = 1; i < ARRAY_LEN(others); i++)
        client_release(&clients, others[i], HTTPD_HELD_PER_ADDRESS);
    assert_true(hold(&clients, one, 2u * HTTPD_HELD_MAX)); /* nothing else waits */
    client_release(&clients, one, 2u * HTTPD_HELD_MAX);
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        client_free(&clients, others[i]);
    client_free(&clients, one);
    client_free(&clients, same);
    assert_null(clients.peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_owner_has_one_limit),
        cmocka_unit_test(the_loopback_gets_what_is_kept_back),
        cmocka_unit_test(bytes_are_limited),
    };
    return cmocka_run_group_tests_name("httpd_clients", tests, NULL, NULL);
}
