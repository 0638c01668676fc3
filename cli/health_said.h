/* health_said.h - how a path to somebody's health tells what came of asking. */
#ifndef SKEP_CLI_HEALTH_SAID_H
#define SKEP_CLI_HEALTH_SAID_H

#include "health_answer.h"

/* Called once for each time that was asked: `answer` is borrowed; NULL: none came, and `why` is a phrase. */
typedef void health_said(void *user, const struct health_answer *answer, const char *why);

#endif
