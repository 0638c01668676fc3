/* on_event.h - runs a command for the events: what waits of one hive is given to it together, each as one line of JSON
 * on its standard input, oldest first.
 *
 * One command runs for a hive at a time, so that what it gets is in order, and ON_EVENT_RUNNING in all, each for at
 * most ON_EVENT_TIMEOUT; hives take turns. A hive that floods delays its own events only. */
#ifndef SKEP_ON_EVENT_H
#define SKEP_ON_EVENT_H

#include "event.h"
#include "id_range.h"
#include "loop.h"

#define ON_EVENT_RUNNING 8
#define ON_EVENT_TIMEOUT 60000                    /* ms */
#define ON_EVENT_LINES 100                        /* for one command */
#define ON_EVENT_BYTES ((size_t)32 * 1024 * 1024) /* of what waits: some 35,000 events */

struct on_event;

/* `command` is borrowed; it is run as /bin/sh -c COMMAND. */
enum err on_event_new(struct loop *loop, const char *command, struct on_event **ret);
void on_event_free(struct on_event *on_event); /* commands that run are left to end by themselves */

/* Copies what it needs. Where too much waits, the hive with most of it loses its oldest, which is logged; when half of
 * it is gone the command is told, in a line without an id: {"fleet":"events_lost","from":ID,"to":ID}, the first and the
 * last of those that were lost. */
void on_event_add(struct on_event *on_event, const struct event *event);

/* The command missed these before they were added, and is told like of those. */
void on_event_add_lost(struct on_event *on_event, struct id_range lost);

/* The oldest event that waits; 0 = all have been given to a command. */
uint64_t on_event_oldest(const struct on_event *on_event);

/* Runs what may run. Also called when a command has ended; what could not be started, which is logged, waits for the
 * next call. */
void on_event_run(struct on_event *on_event);

#endif
