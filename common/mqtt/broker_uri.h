/* broker_uri.h - where brokers are: "mqtt://a,mqtt://b:1884", "mqtts://[::1]:8883/". The one parser of broker URIs.
 * Pure; any thread. */
#ifndef SKEP_BROKER_URI_H
#define SKEP_BROKER_URI_H

#include "address.h"

#define BROKERS_MAX 8

struct broker_list {
    struct address at[BROKERS_MAX]; /* in the order in which they are tried */
    size_t count;                   /* 1 or more */
    bool tls;                       /* of all of them: mqtts:// */
};

/* One to BROKERS_MAX URIs, commas between them: mqtt://HOST[:PORT] (port 1883) or mqtts://HOST[:PORT] (8883), IPv6 in
 * brackets, a slash at the end is fine. ERR_REFUSED for a user or a password in it, ERR_CONFLICT for both schemes in
 * one list, ERR_SYNTAX, ERR_RANGE. Nothing is quoted of a text that may hold a password. *ret is
 * untouched on failure. */
enum err broker_uri_parse(struct text text, struct broker_list *ret, struct errbuf *e);

#endif
