/* poll_options.h - what of the start-up poll's options the table of options cannot say. Pure. */
#ifndef SKEP_CLI_POLL_OPTIONS_H
#define SKEP_CLI_POLL_OPTIONS_H

#include "startup_poll.h"
#include "text.h"

/* A decimal number from 1 to 100, e.g. 1.5. ERR_RANGE with a sentence. */
enum err poll_multiplier_parse(const char *text, double *ret, struct errbuf *e);

/* Whole per cent from 0 to 100, e.g. 10%. ERR_RANGE with a sentence. */
enum err poll_jitter_parse(const char *text, unsigned *ret, struct errbuf *e);

#endif
