/* agent_verify.h - answers those who verify the worker: asks its source, on the loop. */
#ifndef SKEP_AGENT_VERIFY_H
#define SKEP_AGENT_VERIFY_H

#include "agent.h"

struct agent_verify;

/* The worker is open. ERR_IO, ERR_NOMEM with a sentence. */
enum err agent_verify_new(struct agent *agent, struct agent_verify **ret, struct errbuf *e);
void agent_verify_free(struct agent_verify *verify); /* before the worker is closed */

#endif
