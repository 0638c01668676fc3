/* url_query.h - text and the query part of a URL. Pure. */
#ifndef SKEP_URL_QUERY_H
#define SKEP_URL_QUERY_H

#include "buf.h"

/* Appends the text, percent-encoded (RFC 3986) but for letters, digits and what is in `kept`. */
void url_add_encoded(struct buf *url, const char *text, const char *kept);

/* Appends `?name=value`, or `&name=value` behind an earlier one, the value percent-encoded (RFC 3986). NULL: nothing.
 */
void url_query_add(struct buf *url, const char *name, const char *value);

#endif
