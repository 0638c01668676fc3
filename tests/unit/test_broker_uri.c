#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "broker_login.h"

static void shown(const struct broker_list *list, char *ret, size_t size)
{
    size_t len = (size_t)snprintf(ret, size, "%s", list->tls ? "tls" : "tcp");
    for (size_t i = 0; i < list->count; i++)
        len += (size_t)snprintf(ret + len, size - len, " %s %d", list->at[i].host, list->at[i].port);
}

static void lists(void **state)
{
    static const struct {
        const char *reason, *uri, *want;
    } rows[] = {
        { "the shortest", "mqtt://h", "tcp h 1883" },
        { "TLS has another port", "mqtts://h", "tls h 8883" },
        { "a port", "mqtt://h:1", "tcp h 1" },
        { "leading zeros are a number still", "mqtt://h:01883", "tcp h 1883" },
        { "a slash at the end", "mqtt://h/", "tcp h 1883" },
        { "a slash behind the port", "mqtts://h:65535/", "tls h 65535" },
        { "v4", "mqtt://127.0.0.1:1884", "tcp 127.0.0.1 1884" },
        { "v6", "mqtt://[::1]", "tcp ::1 1883" },
        { "v6 with port, slash and zone", "mqtts://[fe80::1%eth0]:9/", "tls fe80::1%eth0 9" },
        { "two", "mqtt://a,mqtt://b:1884", "tcp a 1883 b 1884" },
        { "three, with slashes", "mqtts://a/,mqtts://[::1]:1/,mqtts://c", "tls a 8883 ::1 1 c 8883" },
        { "as many as may be", "mqtt://1,mqtt://2,mqtt://3,mqtt://4,mqtt://5,mqtt://6,mqtt://7,mqtt://8",
          "tcp 1 1883 2 1883 3 1883 4 1883 5 1883 6 1883 7 1883 8 1883" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct broker_list list;
        struct errbuf e = { 0 };
        char text[512] = "";
        if (broker_uri_parse(text_of(rows[i].uri), &list, &e) == OK)
            shown(&list, text, sizeof text);
        if (strcmp(text, rows[i].want) != 0)
            fail_msg("%s: '%s' %s", rows[i].reason, text, e.text);
    }
}

static void refused(void **state)
{
    static const struct {
        const char *reason, *uri;
        enum err want;
        const char *sentence;
    } rows[] = {
        { "nothing", "", ERR_SYNTAX, "mqtt://HOST" },
        { "another scheme", "http://h", ERR_SYNTAX, "mqtt://HOST" },
        { "no scheme", "h:1883", ERR_SYNTAX, "mqtt://HOST" },
        { "no host", "mqtt://:1", ERR_SYNTAX, "HOST[:PORT]" },
        { "nothing but the scheme", "mqtt:///", ERR_SYNTAX, "HOST[:PORT]" },
        { "open bracket", "mqtt://[::1", ERR_SYNTAX, "brackets" },
        { "v6 without brackets", "mqtt://::1", ERR_SYNTAX, "brackets" },
        { "a path", "mqtt://h/x", ERR_SYNTAX, "HOST[:PORT]" },
        { "a query", "mqtt://h?x", ERR_SYNTAX, "HOST[:PORT]" },
        { "two slashes", "mqtt://h//", ERR_SYNTAX, "HOST[:PORT]" },
        { "port 0", "mqtt://h:0", ERR_RANGE, "1 to 65535" },
        { "high port", "mqtt://h:65536", ERR_RANGE, "1 to 65535" },
        { "no number", "mqtt://h:x", ERR_SYNTAX, "HOST[:PORT]" },
        { "a sign before the port", "mqtt://h:+1883", ERR_SYNTAX, "HOST[:PORT]" },
        { "a minus before the port", "mqtt://h:-1", ERR_RANGE, "1 to 65535" },
        { "an empty port", "mqtt://h:", ERR_SYNTAX, "HOST[:PORT]" },
        { "v4 in brackets", "mqtt://[1.2.3.4]", ERR_SYNTAX, "brackets" },
        { "a name in brackets", "mqtt://[h]:1", ERR_SYNTAX, "brackets" },
        { "comma at the end", "mqtt://h,", ERR_SYNTAX, "mqtt://HOST" },
        { "comma at the start", ",mqtt://h", ERR_SYNTAX, "mqtt://HOST" },
        { "the second has no scheme", "mqtt://h,b", ERR_SYNTAX, "mqtt://HOST" },
        { "both schemes", "mqtt://h,mqtts://b", ERR_CONFLICT, "cannot be mixed" },
        { "too many", "mqtt://1,mqtt://2,mqtt://3,mqtt://4,mqtt://5,mqtt://6,mqtt://7,mqtt://8,mqtt://9", ERR_RANGE,
          "more than 8" },
        { "a user", "mqtt://secret@h", ERR_REFUSED, "--username" },
        { "a user and a password", "mqtt://secret:secret@h:1", ERR_REFUSED, "--password-file" },
        { "a password with commas, slashes and more", "mqtt://u:sec,ret/se:cret@h", ERR_REFUSED, "password_file" },
        { "in the second", "mqtt://h,mqtt://secret:secret@h", ERR_REFUSED, "--username" },
        { "without a scheme", "secret:secret@h", ERR_REFUSED, "--username" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct broker_list list = { .count = 77 };
        struct errbuf e = { 0 };
        enum err err = broker_uri_parse(text_of(rows[i].uri), &list, &e);
        if (err != rows[i].want || !strstr(e.text, rows[i].sentence) || list.count != 77)
            fail_msg("%s: %s, '%s'", rows[i].reason, err_name(err), e.text);
        if (strstr(e.text, "secret"))
            fail_msg("%s: quoted in '%s'", rows[i].reason, e.text);
    }
    assert_int_equal(broker_uri_parse((struct text){ NULL, 0 }, &(struct broker_list){ 0 }, NULL), ERR_SYNTAX);
}

static void what_goes_together(void **state)
{
    static const struct {
        const char *reason;
        struct broker_login login;
        enum err want;
    } rows[] = {
        { "a URI alone", { .broker = "mqtt://h" }, OK },
        { "a name, and its password", { .broker = "mqtt://h", .username = "u", .password_file = "p" }, OK },
        { "all files", { .broker = "mqtts://h", .cafile = "ca", .cert = "c", .key = "k" }, OK },
        { "no URI", { .username = "u" }, ERR_SYNTAX },
        { "a certificate alone", { .broker = "mqtts://h", .cert = "c" }, ERR_MISSING },
        { "a key alone", { .broker = "mqtts://h", .key = "k" }, ERR_MISSING },
        { "an authority without TLS", { .broker = "mqtt://h", .cafile = "ca" }, ERR_CONFLICT },
        { "a certificate without TLS", { .broker = "mqtt://h", .cert = "c", .key = "k" }, ERR_CONFLICT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct broker_list list;
        struct errbuf e = { 0 };
        if (broker_login_check(&rows[i].login, &list, &e) != rows[i].want || !e.text[0] != !rows[i].want)
            fail_msg("%s: '%s'", rows[i].reason, e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists),
        cmocka_unit_test(refused),
        cmocka_unit_test(what_goes_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
