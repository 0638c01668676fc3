/* device_presets.h - what is known of systems whose devices say by themselves whether they are there: the keys of a
 * section that says `preset = NAME`, where it does not give them itself. docs/devices.md has their sources. Pure. */
#ifndef SKEP_DEVICE_PRESETS_H
#define SKEP_DEVICE_PRESETS_H

struct device_preset {
    const char *name;
    const char *keys; /* KEY=VALUE, a line each */
};

/* Ended by one without a name. The first one is that of a section without a preset. */
extern const struct device_preset device_presets[];

#endif
