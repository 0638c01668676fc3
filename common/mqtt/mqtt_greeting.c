#include "mqtt_greeting.h"

static const struct {
    const char *begins;
    bool plain, tls; /* which connections it is a fault of */
    const char *text;
} greetings[] = {
    { "HTTP/", true, true, "a web server answers there" },
    { "SSH-", true, true, "an SSH server answers there" },
    { "\x15\x03", true, false, "a TLS port answers there: use mqtts://" },
    { "\x16\x03", true, false, "a TLS port answers there: use mqtts://" },
    { "\x20\x02", true, false, "the broker speaks only MQTT 3.1.1, and MQTT 5 is required" },
    { "\x20", false, true, "a broker without TLS answers there: use mqtt://" },
};

/* CONNACK, or a record of TLS. */
static bool may_be_broker(unsigned char first, bool tls)
{
    return tls ? first >= 0x14 && first <= 0x17 : first == 0x20;
}

const char *mqtt_greeting_fault(struct text first, bool tls)
{
    for (size_t i = 0; i < ARRAY_LEN(greetings); i++) {
        struct text rest = first;
        if ((tls ? greetings[i].tls : greetings[i].plain) && text_skip(&rest, text_of(greetings[i].begins)))
            return greetings[i].text;
    }
    return first.len == 0 || may_be_broker((unsigned char)first.at[0], tls)
               ? NULL
               : "something that is no MQTT broker answers there";
}
