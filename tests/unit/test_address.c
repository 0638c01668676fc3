#include "address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void addresses_are_written_as_they_are_read(void **state)
{
    static const struct {
        const char *host;
        int port;
        const char *want;
    } rows[] = {
        { "localhost", 1883, "localhost:1883" },
        { "127.0.0.1", 0, "127.0.0.1:0" },
        { "::1", 8883, "[::1]:8883" },
        { "2001:db8::7", 65535, "[2001:db8::7]:65535" },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[ADDRESS_TEXT_SIZE];
        struct address address;
        address_print(rows[i].host, rows[i].port, text);
        assert_string_equal(text, rows[i].want);
        assert_int_equal(address_parse(text_of(text), ADDRESS_PORT_NEEDED, &address, NULL), OK);
        assert_string_equal(address.host, rows[i].host);
        assert_int_equal(address.port, rows[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
