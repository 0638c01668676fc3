/* json_scan.h - the lexical pass: is a text one JSON value as RFC 8259 has it, within the limits of json.h? Pure,
 * allocates nothing. What needs a tree (duplicate keys, finite numbers) is not looked at. */
#ifndef SKEP_JSON_SCAN_H
#define SKEP_JSON_SCAN_H

#include "text.h"

#define JSON_NUMBER_MAX 63 /* characters; cJSON silently cuts longer ones */

/* ERR_SYNTAX, ERR_UTF8, ERR_DEPTH, ERR_TOO_LARGE; the sentence begins with the offset of the byte. */
enum err json_scan(struct text text, struct errbuf *e);

#endif
