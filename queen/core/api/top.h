/* top.h - of many groups of workers the largest, and what all others come to. Pure. */
#ifndef SKEP_TOP_H
#define SKEP_TOP_H

#include "heap.h"
#include "json_write.h"
#include "metrics.h"

struct top_numbers {
    size_t total;
    uint64_t states[STATE_COUNT], queue_depth;
};

struct top_group {
    struct heap_item rank;
    struct top_numbers numbers;
    bool has_name;
    char name[]; /* terminated */
};

/* Zero-initialise it, but for the limit. */
struct top {
    size_t limit;
    struct heap largest; /* the least of them on top */
    struct top_numbers others;
    size_t bytes; /* of memory */
};

void top_clear(struct top *top);

/* Copies the group, whose name may be NULL: those who say none. One without workers is none. ERR_NOMEM. */
enum err top_add(struct top *top, const struct metric_group *group);

/* Its workers are of the others; it need not have a name. */
void top_add_other(struct top *top, const struct metric_group *group);

/* `key`: the largest first, each with its name as `name_key`; `other_key`: the others. Nothing may be added any more.
 */
struct top_keys {
    const char *key, *name_key, *other_key;
    bool has_queue; /* their queues are written, too */
};
void top_write(struct top *top, const struct top_keys *keys, struct json_write *w);

#endif
