/* on_event.h - runs a command for each event, which it gets as one line of JSON on its standard input.
 *
 * At most ON_EVENT_RUNNING run at once, each for at most ON_EVENT_TIMEOUT; ON_EVENT_WAITING events wait, and what comes
 * beyond is dropped and said. */
#ifndef SKEP_ON_EVENT_H
#define SKEP_ON_EVENT_H

#include "loop.h"
#include "text.h"

#define ON_EVENT_RUNNING 4
#define ON_EVENT_WAITING 1000
#define ON_EVENT_TIMEOUT 60000 /* ms */

struct on_event;

/* `command` is borrowed; it is run as /bin/sh -c COMMAND. */
enum err on_event_new(struct loop *loop, const char *command, struct on_event **ret);
void on_event_free(struct on_event *on_event); /* commands that run are left to end by themselves */
DEFINE_AUTO_FREE(on_event)

void on_event_add(struct on_event *on_event, struct text json); /* copied */

#endif
