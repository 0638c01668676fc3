#include "complaint.h"

#include <stdio.h>

#define BURST 5
#define EVERY 60000 /* ms */

void complain(struct log_limit *limit, const char *message, const char *line, const char *why)
{
    unsigned skipped;
    char unsaid[16];

    if (!log_allowed(limit, BURST, EVERY, &skipped))
        return;
    snprintf(unsaid, sizeof(unsaid), "%u", skipped);
    log_at(LOG_WARNING, message, "line", line, "why", why, "unsaid", skipped ? unsaid : NULL, NULL);
}
