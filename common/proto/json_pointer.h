/* json_pointer.h - a value in a document by its way (RFC 6901): /models/0/name. Pure. */
#ifndef SKEP_JSON_POINTER_H
#define SKEP_JSON_POINTER_H

#include "json_scan.h"

/* NULL: there is none, or JSON null. The empty pointer is the whole document. */
const struct json_value *json_pointer_find(const struct json_value *document, struct text pointer);

/* ERR_SYNTAX, with a sentence. */
enum err json_pointer_check(struct text pointer, struct errbuf *e);

#endif
