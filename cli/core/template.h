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

/* KIND is int, ms (with that unit), age, difference (with a sign), share (in per cent), list (of strings), dense (a
 * list without blanks), state (in its colour, "unknown" when it is absent), or name: HIVE/NAME of a worker or an event,
 * hive/ID of one that is about a hive, whatever MEMBER is. */
void template_add(struct buf *ret, const char *template, const struct cJSON *document, bool colour);

#endif
