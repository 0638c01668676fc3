/* device_filter.h - a topic filter with `%n` for the levels that a device's name takes: `tele/%n/LWT`. Pure. */
#ifndef SKEP_DEVICE_FILTER_H
#define SKEP_DEVICE_FILTER_H

#include "text.h"

#define DEVICE_FILTER_MAX 255 /* bytes */
#define DEVICE_LEVELS_MAX 4   /* that a name may take */

struct device_filter {
    struct text text; /* borrowed */
    size_t prefix;    /* bytes before the first wildcard or `%n` */
    unsigned levels;  /* `%n` counting as one */
    bool has_name;    /* it has `%n` */
    int line;         /* where it was written; the caller's */
};

/* ERR_SYNTAX, ERR_TOO_LARGE, with a sentence: `#`, a second `%n`, a `%` or `+` that is not a level of its own, `+`
 * where that is not allowed, `$` at the beginning, no UTF-8. */
enum err device_filter_parse(struct text text, bool allow_wildcard, struct device_filter *ret, struct errbuf *e);

/* Its MQTT filter for names of that many levels; the first one is enough where there is no `%n`. Terminated; it fits.
 */
#define DEVICE_FILTER_SIZE (DEVICE_FILTER_MAX + 2 * DEVICE_LEVELS_MAX)
void device_filter_write(const struct device_filter *filter, unsigned name_levels, char ret[DEVICE_FILTER_SIZE]);

/* An MQTT filter without `#` matches a topic below `root`, or below the tree of its requests. */
bool device_filter_is_below(const char *filter, const char *root);

/* Whether the topic matches, with a name of at most that many levels: *ret, borrowed from it; absent without `%n`. */
bool device_filter_match(const struct device_filter *filter, unsigned name_levels, struct text topic, struct text *ret);

#endif
