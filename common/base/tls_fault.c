#include "tls_fault.h"

#include <string.h>

#include "base.h"

#define CUT_OFF \
    "the broker closed it; perhaps the port does not speak TLS, or the client certificate is missing or not accepted"
#define UNTRUSTED "the broker's certificate is not signed by a trusted authority"

static const struct {
    const char *said, *text;
} faults[] = {
    { "certificate has expired", "the broker's certificate has expired" },
    { "certificate is not yet valid", "the broker's certificate is not valid yet" },
    { "unable to get local issuer certificate", UNTRUSTED },
    { "unable to verify the first certificate", UNTRUSTED },
    { "self-signed certificate", UNTRUSTED }, /* also "... in certificate chain" */
    { "hostname mismatch", "the broker's certificate is for another host name" },
    { "IP address mismatch", "the broker's certificate is for another host name" },
    { "alert certificate required", "the broker requires a client certificate" },
    { "alert certificate expired", "the broker finds the client certificate expired" },
    { "alert unknown ca", "the broker does not trust the authority that signed the client certificate" },
    { "unexpected eof", CUT_OFF },
    { "wrong version number", "the broker does not speak TLS on this port" },
};

const char *tls_fault_text(const char *said)
{
    const char *colon = strrchr(said, ':');
    const char *rest = colon ? colon + 1 : said;
    for (size_t i = 0; i < ARRAY_LEN(faults); i++)
        if (strstr(said, faults[i].said))
            return faults[i].text;
    rest += strspn(rest, " ");
    return *rest ? rest : CUT_OFF;
}
