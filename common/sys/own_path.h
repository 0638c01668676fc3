/* own_path.h - programs that are installed next to this one. */
#ifndef SKEP_OWN_PATH_H
#define SKEP_OWN_PATH_H

#include <limits.h>

#include "err.h"

/* The path of `name` in the folder of the running program. ERR_NOT_FOUND when it is not installed there or cannot be
 * executed, ERR_IO when this program's own path cannot be read. */
enum err own_path_next_to(const char *name, char ret[PATH_MAX], struct errbuf *e);

#endif
