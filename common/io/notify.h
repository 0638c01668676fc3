/* notify.h - tells the service manager (sd_notify protocol, without its library). Does nothing without NOTIFY_SOCKET.
 */
#ifndef SKEP_NOTIFY_H
#define SKEP_NOTIFY_H

#include "base.h"

/* One or more lines, e.g. "READY=1\nSTATUS=12 online". False: there was a socket and it could not be told. */
bool notify_send(const char *lines);

/* The configuration is being read again, from now until the next READY=1. With the time, by which Type=notify-reload
 * tells this reload from an earlier one (sd_notify(3), since version 253). */
void notify_reloading(void);

/* How often the watchdog wants to be fed: half of WATCHDOG_USEC if it is meant for this process; MS_NEVER if not. */
ms_t notify_watchdog_interval(void);

#endif
