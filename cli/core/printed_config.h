/* printed_config.h - reads what a program of ours says to --print-config. Pure. */
#ifndef SKEP_CLI_PRINTED_CONFIG_H
#define SKEP_CLI_PRINTED_CONFIG_H

#include "arena.h"

/* The value of `name`, copied into the arena; *ret is NULL when it is not set. ERR_NOMEM. */
enum err printed_config_get(struct text printed, const char *name, struct arena *arena, const char **ret);

#endif
