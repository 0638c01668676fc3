/* complaint.h - says what is wrong with what came in, but not more often than somebody could want to read. */
#ifndef SKEP_COMPLAINT_H
#define SKEP_COMPLAINT_H

#include "log.h"

/* A warning with its reason, and where there are lines its number (NULL = none). Five in a minute per limiter; the next
 * one tells how many were left out. */
void complain(struct log_limit *limit, const char *message, const char *line, const char *why);

#endif
