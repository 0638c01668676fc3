#include "tls_verdict.h"

#include <string.h>

#include <mosquitto.h>
#include <openssl/ssl.h>

const char *tls_verdict(struct mosquitto *mosq, const char *line)
{
    const SSL *ssl = mosquitto_ssl_get(mosq);
    long verdict = ssl ? SSL_get_verify_result(ssl) : X509_V_OK;

    if (verdict == X509_V_OK || !strstr(line, "certificate verify failed"))
        return line;
    return X509_verify_cert_error_string(verdict);
}
