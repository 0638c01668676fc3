/* template.h - sentences about the queen's documents, by a template with places for their members. Pure.
 *
 *     "{name}: {result} via {path}< in {took_ms:age}>, <{session}|no session>"
 *
 * {MEMBER} shows a member, {OBJECT.MEMBER} one of an object in the document, and {MEMBER:KIND} in another way than as
 * text. <...> is an optional part: left out when a member within it is absent, and with | between several, the first
 * one that is complete is taken. Elsewhere an absent member shows as "-", and < > | mean themselves. What is received
 * is made printable. */
#ifndef SKEP_CLI_TEMPLATE_H
#define SKEP_CLI_TEMPLATE_H

#include "printable.h"

struct cJSON;

/* Appends the member `name` of `document`, which may be NULL, not yet printable; nothing if it is absent or of another
 * type. The kinds of a template, without their prefix, and the cells of a table. */
typedef void show_fn(struct buf *ret, const struct cJSON *document, const char *name);
show_fn show_text, show_int, show_ms, show_age, show_difference, show_share;
show_fn show_list; /* of strings, with commas between */
show_fn show_name; /* HIVE/NAME of a worker or an event, hive/ID of one that is about a hive; `name` is not used */

/* There is a kind `state` as well: in its colour, "unknown" when it is absent. */
void template_add(struct buf *ret, const char *template, const struct cJSON *document, bool colour);

#endif
