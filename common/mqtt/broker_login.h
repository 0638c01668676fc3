/* broker_login.h - where the broker is and as whom a client logs in: what options, configuration files and the worker
 * library take. Pure; any thread. */
#ifndef SKEP_BROKER_LOGIN_H
#define SKEP_BROKER_LOGIN_H

#include "broker_uri.h"

struct broker_login {   /* borrowed text; NULL = none */
    const char *broker; /* broker_uri.h */
    const char *username;
    const char *password_file;       /* secret.h; read at every connect */
    const char *cafile, *cert, *key; /* PEM; for mqtts:// only. Without a CA file the system's store is trusted */
};

/* Parses the URIs, and checks what goes together; reads no file. ERR_MISSING for half of a certificate and its key,
 * ERR_CONFLICT for TLS files without mqtts://, and the errors of broker_uri_parse. *ret is untouched on failure. */
enum err broker_login_check(const struct broker_login *login, struct broker_list *ret, struct errbuf *e);

#endif
