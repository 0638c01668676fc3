#include "device_section.h"

static bool match_any(const struct device_section *section, const struct device_filters *filters, struct text topic,
                      struct text *ret)
{
    for (unsigned i = 0; i < filters->count; i++)
        if (device_filter_match(&filters->at[i], section->levels, topic, ret))
            return true;
    return false;
}

bool devices_match(const struct devices *devices, struct text topic, struct device_match *ret)
{
    for (size_t i = 0; i < devices->count; i++) {
        const struct device_section *section = &devices->sections[i];
        struct device_match match = { .section = section, .topic = DEVICE_AVAILABILITY };
        if (!match_any(section, &section->topics, topic, &match.name)) {
            if (!match_any(section, &section->beats, topic, &match.name))
                continue;
            match.topic = DEVICE_BEAT;
        }
        if (!match.name.at)
            match.name = text_of(section->name);
        *ret = match;
        return true;
    }
    return false;
}

const struct device_section *devices_of_parent(const struct devices *devices, const struct device_section *after,
                                               struct text topic)
{
    const struct device_section *section = after ? after + 1 : devices->sections;
    const struct device_section *end = devices->sections + devices->count;
    for (; section < end; section++)
        if (section->parent.at && text_equal(section->parent, topic))
            return section;
    return NULL;
}
