#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base.h"
#include "tls_fault.h"

#define CUT_OFF \
    "the broker closed it; perhaps the port does not speak TLS, or the client certificate is missing or not accepted"

static const struct {
    const char *why, *said, *text;
} rows[] = {
    { "verification, as OpenSSL calls it", "certificate has expired", "the broker's certificate has expired" },
    { "an authority of its own", "self-signed certificate in certificate chain",
      "the broker's certificate is not signed by a trusted authority" },
    { "another name", "hostname mismatch", "the broker's certificate is for another host name" },
    { "another address", "IP address mismatch", "the broker's certificate is for another host name" },
    { "an alert of the broker", "OpenSSL Error[0]: error:0A00045C:SSL routines::tlsv13 alert certificate required",
      "the broker requires a client certificate" },
    { "an alert is about the client's certificate, not the broker's",
      "OpenSSL Error[0]: error:0A000415:SSL routines::sslv3 alert certificate expired",
      "the broker finds the client certificate expired" },
    { "unknown: without numbers and parts", "OpenSSL Error[0]: error:0A000172:SSL routines::wrong signature type",
      "wrong signature type" },
    { "unknown, without a colon", "certificate revoked", "certificate revoked" },
    { "closed without a word", "error:0A000126:SSL routines::unexpected eof while reading", CUT_OFF },
    { "nothing behind the colon", "error:", CUT_OFF },
    { "nothing was said", "", CUT_OFF },
};

static void faults_are_told_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (strcmp(tls_fault_text(rows[i].said), rows[i].text) != 0)
            fail_msg("%s: '%s'", rows[i].why, tls_fault_text(rows[i].said));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(faults_are_told_in_words) };
    return cmocka_run_group_tests_name("tls_fault", tests, NULL, NULL);
}
