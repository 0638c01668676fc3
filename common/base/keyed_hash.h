/* keyed_hash.h - uthash as the daemons use it: with a keyed hash, for ids are hostile, and without exit() when memory
 * runs out. Include it instead of <uthash.h>.
 *
 * After HASH_ADD*(hh, ...) an element whose hh.tbl is NULL was not added for want of memory. */
#ifndef SKEP_KEYED_HASH_H
#define SKEP_KEYED_HASH_H

#include "siphash.h"

/* One key for the process: uthash's macro sees only the bytes. Set before the first table is used, never after. */
void keyed_hash_seed(struct siphash_key key);
unsigned keyed_hash(const void *bytes, size_t len);

#define HASH_FUNCTION(bytes, len, ret) ((ret) = keyed_hash((bytes), (len)))
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)(element))
#include <uthash.h>

#endif
