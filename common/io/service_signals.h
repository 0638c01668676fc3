/* service_signals.h - how a daemon ends, reloads and feeds its watchdog. Apart from service.h: a program without a loop
 * takes options, too. */
#ifndef SKEP_SERVICE_SIGNALS_H
#define SKEP_SERVICE_SIGNALS_H

#include "loop.h"

/* TERM and INT call `stop` once in all; a second INT exits at once with 130. INT does nothing where it was ignored at
 * the start. HUP calls `reload` (NULL: ignored). USR1 and USR2, which end a program that does not know them, do
 * nothing. All children are waited for (loop_child.h): it may be the first process of a container. Feeds the watchdog
 * from the loop. Once per process, as signals are; ends with the loop. ERR_NOMEM, ERR_IO. */
enum err service_signals(struct loop *loop, void (*stop)(void *user), void (*reload)(void *user), void *user);

#endif
