#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mqtt_greeting.h"

#define OTHER "something that is no MQTT broker answers there"
#define OLD "the broker speaks only MQTT 3.1.1, and MQTT 5 is required"

static bool is_same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void what_answers_is_named(void **state)
{
    const struct {
        const char *why;
        struct text first;
        const char *plain, *tls;
    } rows[] = {
        { "nothing has come", TEXT(""), NULL, NULL },
        { "CONNACK of MQTT 5", TEXT("\x20\x09\0\0\x06\x21\0\x14"), NULL,
          "a broker without TLS answers there: use mqtt://" },
        { "a first byte of it", TEXT("\x20"), NULL, "a broker without TLS answers there: use mqtt://" },
        { "CONNACK of MQTT 3.1.1", TEXT("\x20\x02\0\x01"), OLD, "a broker without TLS answers there: use mqtt://" },
        { "a server's hello", TEXT("\x16\x03\x03\0\x7a\x02\0\0"), "a TLS port answers there: use mqtts://", NULL },
        { "an alert", TEXT("\x15\x03\x01\0\x02\x02\x46"), "a TLS port answers there: use mqtts://", NULL },
        { "HTTP", TEXT("HTTP/1.0"), "a web server answers there", "a web server answers there" },
        { "SSH", TEXT("SSH-2.0-"), "an SSH server answers there", "an SSH server answers there" },
        { "SMTP", TEXT("220 mail"), OTHER, OTHER },
        { "another packet of MQTT", TEXT("\x40\x02\0\x01"), OTHER, OTHER },
        { "all bits", TEXT("\xff\xff\xff\xff"), OTHER, OTHER },
        { "zero bytes", TEXT("\0\0\0\0"), OTHER, OTHER },
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (!is_same(mqtt_greeting_fault(rows[i].first, false), rows[i].plain) ||
            !is_same(mqtt_greeting_fault(rows[i].first, true), rows[i].tls))
            fail_msg("%s", rows[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_answers_is_named) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
