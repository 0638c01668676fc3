/* event_line.h - an event of the queen as one line for people. Pure. */
#ifndef SKEP_CLI_EVENT_LINE_H
#define SKEP_CLI_EVENT_LINE_H

#include "printable.h"

struct cJSON;

/* TIME HIVE/WORKER FROM -> TO (CAUSE) EVIDENCE, or TIME fleet NAME MEMBER=VALUE..., with its newline, printable. */
void event_line_add(struct buf *ret, const struct cJSON *event, bool colour);

/* The same, folded to the width of the display, or, with `json`, the whole event as a line of JSON. */
void event_add(struct buf *ret, const struct cJSON *event, bool json, const struct display *display);

/* A verdict's evidence in words, into an empty buffer: its text (or else its path and result), and how a process
 * ended. Nothing for null. */
void evidence_add(struct buf *ret, const struct cJSON *evidence);

#endif
