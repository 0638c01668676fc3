/* device_section.h - one section of devices.ini, and which one a topic is of. Pure. */
#ifndef SKEP_DEVICE_SECTION_H
#define SKEP_DEVICE_SECTION_H

#include "device_filter.h"
#include "device_words.h"
#include "devices.h"

struct device_filters {
    struct device_filter at[DEVICE_TOPICS_MAX];
    unsigned count;
};

/* Texts lie in the arena of the table. */
struct device_section {
    const char *name;                    /* as written; of a section without `%n` that of its device, too */
    const char *hive;                    /* the group of its devices */
    struct text parent;                  /* topic of what they are received through; absent = none */
    struct device_filters topics, beats; /* availability; what else shows that one is there */
    struct device_words words;
    ms_t stale_after;       /* MS_NEVER: silence says nothing */
    unsigned levels;        /* of topics that a name takes at most */
    bool discovers_by_beat; /* a beat makes a device known, too */

    int line, parent_line; /* where it begins, and names its parent */
    unsigned given;        /* which keys it gives itself, a bit each */
    const struct device_preset *preset;
};

enum device_topic { DEVICE_AVAILABILITY, DEVICE_BEAT };

struct device_match {
    const struct device_section *section;
    enum device_topic topic;
    struct text name; /* borrowed from the topic, or the section's */
};

/* The first section that has a filter for the topic, as availability before beats. */
bool devices_match(const struct devices *devices, struct text topic, struct device_match *ret);

/* The next section behind `after` (NULL: the first) whose parent has this topic; NULL: none. */
const struct device_section *devices_of_parent(const struct devices *devices, const struct device_section *after,
                                               struct text topic);

#endif
