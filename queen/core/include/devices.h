/* devices.h - devices of other systems, as devices.ini maps their topics to workers: `[device "NAME"]` sections. Pure:
 * fed key by key.
 *
 *     [device "lights"]
 *     preset = zigbee2mqtt
 *     topic = zigbee2mqtt/%n/availability
 *     online = /state online
 *     offline = /state offline
 *     beat = zigbee2mqtt/%n
 *     parent = zigbee2mqtt/bridge/state
 *     hive = zigbee
 *     stale-after = 2d
 *
 * A table does not change once it is finished. */
#ifndef SKEP_DEVICES_H
#define SKEP_DEVICES_H

#include "arena.h"

#define DEVICES_MAX 256         /* sections */
#define DEVICE_TOPICS_MAX 4     /* of one section; of its beats as many */
#define DEVICE_FILTERS_MAX 2000 /* in all, as they are subscribed to */

struct device_section;

struct devices {
    struct arena arena; /* all that the others point to */
    const char *root;   /* of the queen, below which no topic may be */
    struct device_section *sections;
    size_t count;
    const char **filters; /* MQTT filters, each once: of parents, of availability topics, of beats */
    size_t filter_count;
    size_t stored_count; /* the first ones, of which stored copies are read */
};

/* `root` is borrowed. */
void devices_init(struct devices *devices, const char *root);
void devices_clear(struct devices *devices);

/* One key (NULL: the section's head) in file order. ERR_ID, ERR_DUPLICATE, ERR_UNKNOWN, ERR_RANGE, ERR_SYNTAX,
 * ERR_TOO_LARGE, ERR_FULL, ERR_NOMEM, with the sentence; the caller adds file and line. */
enum err devices_key(struct devices *devices, const char *section, const char *key, const char *value, int line,
                     struct errbuf *e);

/* All keys were given: presets are filled in, and what only the whole shows is checked. The sentence begins with `file`
 * and line. */
enum err devices_finish(struct devices *devices, const char *file, struct errbuf *e);

#endif
