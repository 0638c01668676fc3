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
    struct client *yields;
    return clients_may_enter(clients, (struct sockaddr *)&address, &yields) && !yields;
}

static struct client *enter(struct clients *clients, const char *text)
{
    struct sockaddr_storage address = address_of(text);
    struct client *client = client_new(clients, (struct sockaddr *)&address);
    assert_non_null(client);
    client->deadline = MS_NEVER;
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
        { "another address of the loopback", "127.0.0.1", "127.5.6.7", true },
        { "the loopback, as a v6 socket shows it", "127.0.0.1", "::ffff:127.0.0.2", true },
        { "the loopback of v6", "127.0.0.1", "::1", true },
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
    struct clients clients = { .limit = 1, .spare = 1 };
    struct client *client = enter(&clients, "192.0.2.9"), *local;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (may_enter(&clients, rows[i].address) != rows[i].enters)
            fail_msg("%s", rows[i].address);
    local = enter(&clients, "127.0.0.1");
    assert_false(may_enter(&clients, "127.0.0.1"));
    client_free(&clients, client);
    assert_false(may_enter(&clients, "192.0.2.1"));
    client_free(&clients, local);
    assert_true(may_enter(&clients, "192.0.2.1"));
}

/* Who gives way. */
static const struct {
    const char *why, *newcomer;
    unsigned limit, per_peer;
    struct {
        const char *address;
        ms_t since; /* 0 = the server's move */
    } there[4];
    int yields; /* -1 = none */
    bool enters;
} yields[] = {
    { "there is room", "192.0.2.1", 9, 3, { { "192.0.2.1", 1 }, { "192.0.2.2", 1 } }, -1, true },
    { "the oldest of its own",
      "192.0.2.1",
      9,
      2,
      { { "192.0.2.2", 1 }, { "192.0.2.1", 3 }, { "192.0.2.1", 2 } },
      2,
      true },
    { "not one that is served", "192.0.2.1", 9, 2, { { "192.0.2.1", 0 }, { "192.0.2.1", 3 } }, 1, true },
    { "all are served", "192.0.2.1", 9, 2, { { "192.0.2.1", 0 }, { "192.0.2.1", 0 }, { "192.0.2.2", 1 } }, -1, false },
    { "the oldest of one who has more",
      "192.0.2.1",
      3,
      2,
      { { "192.0.2.3", 1 }, { "192.0.2.2", 4 }, { "192.0.2.2", 3 } },
      0,
      true },
    { "not of one who has as many",
      "192.0.2.1",
      3,
      2,
      { { "192.0.2.1", 9 }, { "192.0.2.2", 5 }, { "192.0.2.3", 1 } },
      0,
      true },
    { "one that is served has no other",
      "192.0.2.1",
      3,
      2,
      { { "192.0.2.1", 0 }, { "192.0.2.2", 5 }, { "192.0.2.3", 1 } },
      -1,
      false },
    { "without a limit for each, too", "127.0.0.1", 2, 0, { { "127.0.0.7", 1 }, { "127.0.0.1", 2 } }, 0, true },
};

static void one_gives_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yields); i++) {
        struct clients clients = { .limit = yields[i].limit, .limit_per_peer = yields[i].per_peer };
        struct sockaddr_storage newcomer = address_of(yields[i].newcomer);
        struct client *there[ARRAY_LEN(yields[i].there)] = { 0 }, *found;
        for (size_t k = 0; k < ARRAY_LEN(there) && yields[i].there[k].address; k++) {
            there[k] = enter(&clients, yields[i].there[k].address);
            if (yields[i].there[k].since)
                client_await(there[k], yields[i].there[k].since, 1000);
        }
        if (clients_may_enter(&clients, (struct sockaddr *)&newcomer, &found) != yields[i].enters ||
            found != (yields[i].yields < 0 ? NULL : there[yields[i].yields]))
            fail_msg("%s", yields[i].why);
        if (found) {
            client_leave(&clients, found);
            client_leave(&clients, found); /* once is enough */
            if (!may_enter(&clients, yields[i].newcomer))
                fail_msg("%s: it counts no longer", yields[i].why);
        }
        for (size_t k = 0; k < ARRAY_LEN(there) && there[k]; k++)
            client_free(&clients, there[k]);
        assert_null(clients.peers);
        assert_int_equal(clients.count + clients.leaving, 0);
    }
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
    struct client *local = enter(&clients, "127.0.0.1");
    struct client *others[HTTPD_HELD_MAX / HTTPD_HELD_PER_PEER];
    (void)state;
    assert_true(hold(&clients, one, HTTPD_HELD_PER_PEER));
    assert_true(hold(&clients, one, HTTPD_HELD_PER_PEER)); /* the same again, not as much besides */
    assert_false(hold(&clients, same, 1));
    for (size_t i = 1; i < ARRAY_LEN(others); i++) {
        char address[] = "192.0.2.x";
        address[8] = (char)('1' + (char)i);
        others[i] = enter(&clients, address);
        assert_true(hold(&clients, others[i], HTTPD_HELD_PER_PEER));
    }
    others[0] = enter(&clients, "192.0.2.9");
    assert_false(hold(&clients, others[0], 1));
    assert_true(hold(&clients, local, HTTPD_HELD_PER_PEER)); /* kept back for it */
    assert_false(hold(&clients, local, HTTPD_HELD_PER_PEER + 1));
    client_hold(&clients, local, 0);
    client_hold(&clients, one, 0);
    assert_true(hold(&clients, same, 1));
    client_free(&clients, same); /* and what it held */
    for (size_t i = 1; i < ARRAY_LEN(others); i++)
        client_hold(&clients, others[i], 0);
    assert_true(hold(&clients, one, 2u * HTTPD_HELD_MAX)); /* nothing else waits */
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        client_free(&clients, others[i]);
    client_free(&clients, one);
    client_free(&clients, local);
    assert_int_equal(clients.held, 0);
    assert_null(clients.peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_owner_has_one_limit),
        cmocka_unit_test(the_loopback_gets_what_is_kept_back),
        cmocka_unit_test(one_gives_way),
        cmocka_unit_test(bytes_are_limited),
    };
    return cmocka_run_group_tests_name("httpd_clients", tests, NULL, NULL);
}
