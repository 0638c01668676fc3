/* host_facts.h - the host's load and memory, as it is now. */
#ifndef SKEP_HOST_FACTS_H
#define SKEP_HOST_FACTS_H

#include "hive.h"

struct hive_host host_facts_read(void);

#endif
