/* on_event.h - runs a command for each event, which it gets as one line of JSON on its standard input. At most
 * ON_EVENT_RUNNING run at once, each for at most ON_EVENT_TIMEOUT. */
#ifndef SKEP_ON_EVENT_H
#define SKEP_ON_EVENT_H

#include "loop.h"
#include "text.h"

#define ON_EVENT_RUNNING 4
#define ON_EVENT_TIMEOUT 60000 /* ms */

struct on_event;

/* `command` is borrowed; it is run as /bin/sh -c COMMAND. `ready` is called when one has ended. */
enum err on_event_new(struct loop *loop, const char *command, void (*ready)(void *user), void *user,
                      struct on_event **ret);
void on_event_free(struct on_event *on_event); /* commands that run are left to end by themselves */

/* Copies the document. False: not now, since as many run as may, or it cannot be started, which has been logged. */
bool on_event_run(struct on_event *on_event, struct text json);

#endif
