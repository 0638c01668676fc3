/* document.h - the queen's documents: reading members, writing them again. Pure.
 *
 * Written with json_write and not with cJSON's printer, which turns event ids into exponents. */
#ifndef SKEP_CLI_DOCUMENT_H
#define SKEP_CLI_DOCUMENT_H

#include <cjson/cJSON.h>

#include "buf.h"

/* `auto_free(cJSON) document = NULL;` deletes it when the scope ends. */
static inline void cJSON_auto_free(struct cJSON **document)
{
    cJSON_Delete(*document);
}

/* The member if it is a string, else NULL. `document` may be NULL. Borrowed from it. */
const char *document_str(const struct cJSON *document, const char *name);

/* The member if it is a number, cut to an integer of +-2^53. False: it is none, *ret untouched. */
bool document_int(const struct cJSON *document, const char *name, int64_t *ret);

/* The value as one line of JSON without its newline, harmless on a terminal, nothing lost. */
void document_add_json(struct buf *ret, const struct cJSON *value);

/* The same with its newline. */
void document_add_line(struct buf *ret, const struct cJSON *value);

/* The value for people: strings as they are, everything else as JSON; printable. NULL: "-". */
void document_add_text(struct buf *ret, const struct cJSON *value);

#endif
