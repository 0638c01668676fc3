/* timetext.h - RFC 3339 times. Pure: no clock, no time zone of the host. */
#ifndef SKEP_TIMETEXT_H
#define SKEP_TIMETEXT_H

#include "text.h"

#define TIMETEXT_SIZE 32

/* Unix milliseconds -> "2025-10-23T20:00:00.000Z". Values outside years 0000 to 9999 are clamped. */
void time_to_text(ms_t wall, char ret[TIMETEXT_SIZE]);

/* RFC 3339 date-time with `Z` or a numeric offset, fraction of any length (cut to milliseconds), leap second 60
 * accepted. ERR_SYNTAX; *ret untouched on failure. */
enum err text_to_time(struct text t, ms_t *ret);

#endif
