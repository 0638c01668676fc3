#include "cidr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "buf.h"

static void lists_are_read_whole_or_not_at_all(void **state)
{
    static const struct {
        const char *why;
        const char *text;
        enum err err;
        size_t count;
        const char *says; /* part of the sentence */
    } rows[] = {
        { "one network", "10.0.0.0/8", OK, 1 },
        { "several, of both kinds", "10.0.0.0/8,127.0.0.1/32,fd00::/8", OK, 3 },
        { "an address alone", "192.0.2.7", OK, 1 },
        { "a v6 address alone", "2001:db8::1", OK, 1 },
        { "capital digits", "FD00::/8", OK, 1 },
        { "everything", "0.0.0.0/0,::/0", OK, 2 },
        { "a prefix that ends within a byte", "10.1.2.128/25", OK, 1 },
        { "v4 within v6", "::ffff:10.0.0.0/104", OK, 1 },
        { "nothing", "", ERR_SYNTAX, 0, "'' must be ADDRESS" },
        { "absent", NULL, ERR_SYNTAX, 0, "'' must be ADDRESS" },
        { "a comma behind", "10.0.0.0/8,", ERR_SYNTAX, 0, "'' must be ADDRESS" },
        { "a space between", "10.0.0.0/8, 127.0.0.1", ERR_SYNTAX, 0, "' 127.0.0.1'" },
        { "a name", "localhost", ERR_SYNTAX, 0, "'localhost'" },
        { "a v6 address in brackets", "[::1]", ERR_SYNTAX, 0, "'[::1]'" },
        { "a v6 address with a zone", "fe80::1%eth0", ERR_SYNTAX, 0, "'fe80::1%eth0'" },
        { "a short v4 address", "10.1/16", ERR_SYNTAX, 0, "'10.1/16'" },
        { "an octal v4 address", "010.0.0.0/8", ERR_SYNTAX, 0, "'010.0.0.0/8'" },
        { "far too long", "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", ERR_SYNTAX, 0, "'1111:" },
        { "nothing behind the slash", "10.0.0.0/", ERR_SYNTAX, 0, "must be 0 to 32" },
        { "a sign behind the slash", "10.0.0.0/+8", ERR_SYNTAX, 0, "must be 0 to 32" },
        { "a minus behind the slash", "0.0.0.0/-0", ERR_SYNTAX, 0, "must be 0 to 32" },
        { "a mask behind the slash", "10.0.0.0/255.0.0.0", ERR_SYNTAX, 0, "must be 0 to 32" },
        { "two slashes", "10.0.0.0/8/8", ERR_SYNTAX, 0, "must be 0 to 32" },
        { "more bits than v4 has", "10.0.0.0/33", ERR_RANGE, 0, "must be 0 to 32" },
        { "more bits than v6 has", "fd00::/129", ERR_RANGE, 0, "must be 0 to 128" },
        { "a host instead of its network", "10.0.0.1/8", ERR_SYNTAX, 0, "'10.0.0.1/8': the bits after the first 8" },
        { "... within a byte", "10.1.2.129/25", ERR_SYNTAX, 0, "after the first 25" },
        { "... of v6", "fd00::1/8", ERR_SYNTAX, 0, "after the first 8" },
        { "... of everything", "10.0.0.0/0", ERR_SYNTAX, 0, "after the first 0" },
        { "v4 within v6, but more than that", "::ffff:0.0.0.0/90", ERR_SYNTAX, 0, "after the first 90" },
        { "the second is wrong", "10.0.0.0/8,x", ERR_SYNTAX, 0, "'x'" },
        { "what harms a terminal", "\033[31m", ERR_SYNTAX, 0, "'?[31m'" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cidr_list list = { .count = 4711 };
        struct errbuf e = { 0 };
        enum err err = cidr_list_parse(text_of(rows[i].text), &list, &e);
        if (err != rows[i].err || list.count != (err == OK ? rows[i].count : 4711))
            fail_msg("%s: %s, %zu", rows[i].why, err_name(err), list.count);
        if (rows[i].says ? !strstr(e.text, rows[i].says) : e.text[0] != '\0')
            fail_msg("%s: '%s'", rows[i].why, e.text);
    }
}

static void a_zero_byte_ends_no_address(void **state)
{
    struct cidr_list list;
    (void)state;
    assert_int_equal(cidr_list_parse((struct text){ "10.0.0.1\0.evil", 14 }, &list, NULL), ERR_SYNTAX);
}

static void lists_are_limited(void **state)
{
    struct buf text = BUF_INIT;
    struct cidr_list list = { 0 };
    struct errbuf e = { 0 };
    (void)state;
    for (int i = 0; i < CIDR_MAX; i++)
        buf_printf(&text, "%s10.0.0.%d", i == 0 ? "" : ",", i);
    assert_int_equal(cidr_list_parse(buf_text(&text), &list, &e), OK);
    assert_int_equal(list.count, CIDR_MAX);
    buf_add_str(&text, ",10.1.0.0");
    assert_int_equal(cidr_list_parse(buf_text(&text), &list, &e), ERR_FULL);
    assert_non_null(strstr(e.text, "at most 64"));
    buf_clear(&text);
}

static bool list_has(const struct cidr_list *list, const char *address)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, address, bytes) == 1)
        return cidr_list_has(list, false, bytes);
    assert_int_equal(inet_pton(AF_INET6, address, bytes), 1);
    return cidr_list_has(list, true, bytes);
}

static void addresses_are_in_a_list_or_not(void **state)
{
    static const struct {
        const char *why;
        const char *list, *address;
        bool has;
    } rows[] = {
        { "within", "10.0.0.0/8", "10.255.1.2", true },
        { "beside", "10.0.0.0/8", "11.0.0.0", false },
        { "one address", "127.0.0.1", "127.0.0.1", true },
        { "its neighbour", "127.0.0.1", "127.0.0.2", false },
        { "the upper half of a byte", "10.1.2.128/25", "10.1.2.200", true },
        { "the lower half", "10.1.2.128/25", "10.1.2.127", false },
        { "the last bit decides", "10.1.2.2/31", "10.1.2.3", true },
        { "... and says no", "10.1.2.2/31", "10.1.2.4", false },
        { "any v4", "0.0.0.0/0", "203.0.113.9", true },
        { "any v4 is no v6", "0.0.0.0/0", "2001:db8::1", false },
        { "any v6", "::/0", "2001:db8::1", true },
        { "any v6 is no v4", "::/0", "10.0.0.1", false },
        { "... nor v4 within v6", "::/0", "::ffff:10.0.0.1", false },
        { "v6 within", "fd00::/8", "fdff::1", true },
        { "v6 beside", "fd00::/8", "fe80::1", false },
        { "v6 up to its last bit", "2001:db8::2/127", "2001:db8::3", true },
        { "v6 beyond its last bit", "2001:db8::2/127", "2001:db8::4", false },
        { "v4 within v6 is v4", "10.0.0.0/8", "::ffff:10.1.2.3", true },
        { "... but not any", "10.0.0.0/8", "::ffff:11.1.2.3", false },
        { "also in the list", "::ffff:10.0.0.0/104", "10.1.2.3", true },
        { "... up to its prefix", "::ffff:10.0.0.0/104", "11.1.2.3", false },
        { "all of v4, written so", "::ffff:0.0.0.0/96", "203.0.113.9", true },
        { "looks like v4 within v6", "10.0.0.0/8", "::10.1.2.3", false },
        { "the first is another", "192.0.2.0/24,fd00::/8,10.0.0.0/8", "10.1.2.3", true },
        { "none of them", "192.0.2.0/24,fd00::/8,10.0.0.0/8", "172.16.0.1", false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cidr_list list;
        struct errbuf e = { 0 };
        if (cidr_list_parse(text_of(rows[i].list), &list, &e) != OK)
            fail_msg("%s: %s", rows[i].why, e.text);
        if (list_has(&list, rows[i].address) != rows[i].has ||
            cidr_list_has_host(&list, text_of(rows[i].address)) != rows[i].has)
            fail_msg("%s: %s in %s", rows[i].why, rows[i].address, rows[i].list);
    }
    assert_false(list_has(&(struct cidr_list){ 0 }, "0.0.0.0"));
    assert_false(list_has(&(struct cidr_list){ 0 }, "::"));
}

static void a_host_is_an_address_or_localhost(void **state)
{
    static const struct {
        const char *host;
        bool has;
    } rows[] = { { "127.0.0.1", true },  { "localhost", true }, { "::1", true },         { "localhost.", false },
                 { "queen", false },     { "", false },         { "127.0.0.1 ", false }, { "::1%1", false },
                 { "127.0.0.2", false }, { "0x7f.1", false },   { "[::1]", false } };
    struct cidr_list list;
    (void)state;
    assert_int_equal(cidr_list_parse(TEXT("127.0.0.1,::1"), &list, NULL), OK);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (cidr_list_has_host(&list, text_of(rows[i].host)) != rows[i].has)
            fail_msg("%s", rows[i].host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_whole_or_not_at_all),
        cmocka_unit_test(a_zero_byte_ends_no_address),
        cmocka_unit_test(lists_are_limited),
        cmocka_unit_test(addresses_are_in_a_list_or_not),
        cmocka_unit_test(a_host_is_an_address_or_localhost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
