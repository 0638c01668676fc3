#include <stdio.h>
#include <stdlib.h>

#include "device_name.h"
#include "device_presets.h"
#include "device_section.h"

#define SECTION_PREFIX "device \""
#define SHOWN_MAX 80 /* bytes of a value, so that a sentence has room for what is wrong with it */
#define STALE_AFTER_MIN 3000
#define DAY_MS (24LL * 3600 * 1000)
#define STALE_AFTER_MAX (24 * DAY_MS)
#define STALE_AFTER_DEFAULT (2 * DAY_MS) /* longer than battery-powered devices are silent */

void devices_init(struct devices *devices, const char *root)
{
    *devices = (struct devices){ .root = root };
}

void devices_clear(struct devices *devices)
{
    arena_clear(&devices->arena);
    free(devices->sections);
    devices_init(devices, devices->root);
}

static enum err no_memory(struct errbuf *e)
{
    return err_set(e, ERR_NOMEM, "out of memory");
}

/* device "NAME" -> NAME */
static bool section_name(const char *section, struct text *ret)
{
    struct text name = text_of(section);
    if (!text_skip(&name, TEXT(SECTION_PREFIX)) || name.len < 2 || name.at[name.len - 1] != '"')
        return false;
    name.len--;
    *ret = name;
    return true;
}

static bool is_listed(const struct devices *devices, struct text name)
{
    for (size_t i = 0; i < devices->count; i++)
        if (text_is(name, devices->sections[i].name))
            return true;
    return false;
}

static enum err begin(struct devices *devices, const char *section, int line, struct errbuf *e)
{
    struct device_section *added;
    struct text name;
    if (!section_name(section, &name))
        return err_set(e, ERR_SYNTAX, "a section is written [device \"NAME\"]");
    if (name.len > TEXT_ID_MAX)
        return err_set(e, ERR_TOO_LARGE, "name of %zu bytes: at most %d", name.len, TEXT_ID_MAX);
    if (devices->count == DEVICES_MAX)
        return err_set(e, ERR_FULL, "more than %d sections", DEVICES_MAX);
    if (is_listed(devices, name))
        return err_set(e, ERR_DUPLICATE, "device \"%.*s\" is listed twice", (int)name.len, name.at);
    if (!devices->sections && !(devices->sections = calloc(DEVICES_MAX, sizeof *devices->sections)))
        return no_memory(e);
    added = &devices->sections[devices->count];
    *added = (struct device_section){ .name = arena_copy(&devices->arena, name), .line = line };
    if (!added->name)
        return no_memory(e);
    devices->count++;
    return OK;
}

/* What a key is given: the section, the value, which lives as long as the table, and where it stands. */
struct setting {
    struct device_section *section;
    struct text value;
    int line;
};

static enum err add_filter(const struct setting *setting, struct device_filters *filters, bool allow_wildcard,
                           struct errbuf *e)
{
    struct device_filter *filter = &filters->at[filters->count];
    enum err err;
    if (filters->count == DEVICE_TOPICS_MAX)
        return err_set(e, ERR_FULL, "at most %d of them", DEVICE_TOPICS_MAX);
    if ((err = device_filter_parse(setting->value, allow_wildcard, filter, e)) != OK)
        return err;
    filter->line = setting->line;
    filters->count++;
    return OK;
}

static enum err add_topic(const struct setting *setting, struct errbuf *e)
{
    return add_filter(setting, &setting->section->topics, false, e);
}

static enum err add_beat(const struct setting *setting, struct errbuf *e)
{
    if (setting->value.len == 0)
        return OK; /* none, whatever the preset has */
    return add_filter(setting, &setting->section->beats, true, e);
}

static enum err add_word(const struct setting *setting, enum device_state state, struct errbuf *e)
{
    struct device_words *words = &setting->section->words;
    enum err err;
    if (words->count[state] == DEVICE_WORDS_MAX)
        return err_set(e, ERR_FULL, "at most %d of them", DEVICE_WORDS_MAX);
    if ((err = device_word_parse(setting->value, &words->of[state][words->count[state]], e)) == OK)
        words->count[state]++;
    return err;
}

static enum err add_online(const struct setting *setting, struct errbuf *e)
{
    return add_word(setting, DEVICE_ONLINE, e);
}

static enum err add_offline(const struct setting *setting, struct errbuf *e)
{
    return add_word(setting, DEVICE_OFFLINE, e);
}

static enum err add_goodbye(const struct setting *setting, struct errbuf *e)
{
    return add_word(setting, DEVICE_GOODBYE, e);
}

static enum err set_parent(const struct setting *setting, struct errbuf *e)
{
    struct device_filter filter;
    enum err err;
    if (setting->value.len == 0)
        return OK; /* none, whatever the preset has */
    err = device_filter_parse(setting->value, false, &filter, e);
    if (err == OK && filter.has_name)
        return err_set(e, ERR_SYNTAX, "must be one topic, without %%n");
    if (err == OK) {
        setting->section->parent = setting->value;
        setting->section->parent_line = setting->line;
    }
    return err;
}

static enum err set_hive(const struct setting *setting, struct errbuf *e)
{
    setting->section->hive = setting->value.at;
    return text_is_id(setting->value)
               ? OK
               : err_set(e, ERR_ID, "must be 1 to %d letters, digits, '.', '_' or '-'", TEXT_ID_MAX);
}

static enum err set_stale_after(const struct setting *setting, struct errbuf *e)
{
    ms_t time = MS_NEVER;
    bool is_never = text_is(setting->value, "never");
    if (!is_never &&
        (text_to_duration(setting->value, &time) != OK || time < STALE_AFTER_MIN || time > STALE_AFTER_MAX))
        return err_set(e, ERR_RANGE, "must be a duration from 3s to 24d, or never");
    setting->section->stale_after = time;
    return OK;
}

static enum err set_levels(const struct setting *setting, struct errbuf *e)
{
    int64_t levels;
    if (text_to_int(setting->value, &levels) != OK || levels < 1 || levels > DEVICE_LEVELS_MAX)
        return err_set(e, ERR_RANGE, "must be 1 to %d", DEVICE_LEVELS_MAX);
    setting->section->levels = (unsigned)levels;
    return OK;
}

static enum err set_discover(const struct setting *setting, struct errbuf *e)
{
    setting->section->discovers_by_beat = text_is(setting->value, "beat");
    return setting->section->discovers_by_beat || text_is(setting->value, "topic")
               ? OK
               : err_set(e, ERR_RANGE, "must be topic or beat");
}

static enum err set_preset(const struct setting *setting, struct errbuf *e)
{
    char names[ERRBUF_SIZE] = "";
    size_t len = 0;
    for (const struct device_preset *preset = device_presets; preset->name; preset++) {
        if (text_is(setting->value, preset->name)) {
            setting->section->preset = preset;
            return OK;
        }
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s", len ? ", " : "", preset->name);
    }
    return err_set(e, ERR_UNKNOWN, "must be one of %s", names);
}

static const struct key {
    const char *name;
    enum err (*set)(const struct setting *setting, struct errbuf *e);
    bool repeatable;
} keys[] = {
    { "topic", add_topic, true },        { "online", add_online, true },  { "offline", add_offline, true },
    { "goodbye", add_goodbye, true },    { "beat", add_beat, true },      { "parent", set_parent, false },
    { "hive", set_hive, false },         { "levels", set_levels, false }, { "stale-after", set_stale_after, false },
    { "discover", set_discover, false }, { "preset", set_preset, false },
};

static const struct key *find_key(struct text name)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (text_is(name, keys[i].name))
            return &keys[i];
    return NULL;
}

static unsigned bit_of(const struct key *key)
{
    return 1u << (key - keys);
}

static enum err set(struct devices *devices, struct device_section *section, const struct key *key, struct text value,
                    int line, struct errbuf *e)
{
    struct setting setting = { section, text_of(arena_copy(&devices->arena, value)), line };
    enum err err;
    if (!setting.value.at)
        return no_memory(e);
    err = key->set(&setting, e);
    return err == OK ? OK : err_set(e, err, "%s %.*s: %s", key->name, SHOWN_MAX, setting.value.at, e->text);
}

enum err devices_key(struct devices *devices, const char *section, const char *key, const char *value, int line,
                     struct errbuf *e)
{
    struct device_section *last;
    const struct key *found;
    if (!key)
        return begin(devices, section, line, e);
    if (devices->count == 0)
        return err_set(e, ERR_UNKNOWN, "%s: must come after a line [device \"NAME\"]", key);
    last = &devices->sections[devices->count - 1];
    if (!(found = find_key(text_of(key))))
        return err_set(e, ERR_UNKNOWN,
                       "%s: a device has topic, online, offline, goodbye, beat, parent, hive, levels, stale-after, "
                       "discover and preset",
                       key);
    if (!found->repeatable && (last->given & bit_of(found)))
        return err_set(e, ERR_DUPLICATE, "%s is given twice", key);
    last->given |= bit_of(found);
    return set(devices, last, found, text_of(value), line, e);
}

/* The keys that it does not give itself. */
static enum err fill_in(struct devices *devices, struct device_section *section, struct errbuf *e)
{
    const struct device_preset *preset = section->preset ? section->preset : device_presets;
    struct text lines = text_of(preset->keys);
    enum err err = OK;
    while (err == OK && lines.at) {
        struct text value = text_split(&lines, '\n');
        const struct key *key = find_key(text_split(&value, '='));
        if (!(section->given & bit_of(key)))
            err = set(devices, section, key, value, section->line, e);
    }
    section->levels = section->levels ? section->levels : 1;
    if (section->stale_after == 0)
        section->stale_after = section->beats.count > 0 ? STALE_AFTER_DEFAULT : MS_NEVER;
    section->hive = section->hive ? section->hive : section->name;
    return err;
}

/* Where a sentence belongs. */
struct place {
    const char *file;
    int line;
};

static enum err refuse(struct place at, enum err err, const char *what, struct text value, const char *why,
                       struct errbuf *e)
{
    int shown = (int)ms_min((ms_t)value.len, SHOWN_MAX);
    return err_set(e, err, "%s:%d: %s %.*s: %s", at.file, at.line, what, shown, value.at, why);
}

static enum err keep_filter(struct devices *devices, const char *filter, struct errbuf *e)
{
    for (size_t i = 0; i < devices->filter_count; i++)
        if (strcmp(devices->filters[i], filter) == 0)
            return OK;
    if (devices->filter_count == DEVICE_FILTERS_MAX)
        return err_set(e, ERR_FULL, "more than %d topic filters", DEVICE_FILTERS_MAX);
    if (!(devices->filters[devices->filter_count] = arena_copy(&devices->arena, text_of(filter))))
        return no_memory(e);
    devices->filter_count++;
    return OK;
}

/* For each number of levels that a name may take. */
static enum err subscribe_to(struct devices *devices, const struct device_section *section,
                             const struct device_filter *filter, struct place at, struct errbuf *e)
{
    char text[DEVICE_FILTER_SIZE];
    unsigned levels = filter->has_name ? section->levels : 1;
    enum err err = OK;
    for (unsigned i = 1; i <= levels && err == OK; i++) {
        device_filter_write(filter, i, text);
        if (device_filter_is_below(text, devices->root))
            return refuse(at, ERR_TOPIC, "topic", filter->text, "matches topics below the queen's own --root", e);
        err = keep_filter(devices, text, e);
    }
    return err;
}

static enum err subscribe_to_all(struct devices *devices, const struct device_section *section,
                                 const struct device_filters *filters, const char *file, struct errbuf *e)
{
    enum err err = OK;
    bool has_name = section->topics.at[0].has_name;
    for (unsigned i = 0; i < filters->count && err == OK; i++) {
        const struct device_filter *filter = &filters->at[i];
        struct place at = { file, filter->line };
        if (filter->has_name != has_name)
            return refuse(at, ERR_MISMATCH, "topic", filter->text,
                          "all topics and beats of a section have %n, or none has", e);
        err = subscribe_to(devices, section, filter, at, e);
    }
    return err;
}

static enum err subscribe_to_parent(struct devices *devices, const struct device_section *section, const char *file,
                                    struct errbuf *e)
{
    struct device_filter filter = { .text = section->parent };
    if (!section->parent.at)
        return OK;
    return subscribe_to(devices, section, &filter, (struct place){ file, section->parent_line }, e);
}

/* Names of two sections would be the same ids in one hive. Single devices have the names of their sections. */
static enum err check_hives(const struct devices *devices, const char *file, struct errbuf *e)
{
    for (size_t i = 1; i < devices->count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct device_section *a = &devices->sections[j], *b = &devices->sections[i];
            bool are_many = a->topics.at[0].has_name || b->topics.at[0].has_name;
            if (strcmp(a->hive, b->hive) == 0 && (are_many || !text_equal(a->parent, b->parent)))
                return refuse((struct place){ file, b->line }, ERR_DUPLICATE, "hive", text_of(b->hive),
                              "is that of an earlier section: only single devices with the same parent share one", e);
        }
    return OK;
}

static enum err check_section(const struct device_section *section, const char *file, struct errbuf *e)
{
    struct place at = { file, section->line };
    struct text name = text_of(section->name);
    struct errbuf why = { 0 };
    char id[NAME_SIZE];
    if (section->topics.count == 0)
        return refuse(at, ERR_MISSING, "device", name, "has no topic, and no preset that has one", e);
    if (!text_is_id(text_of(section->hive)))
        return refuse(at, ERR_ID, "device", name, "the name is no id, so it needs hive = ID", e);
    if (!section->topics.at[0].has_name && device_name_to_id(name, id, &why) != OK)
        return refuse(at, ERR_ID, "device", name, why.text, e);
    return OK;
}

/* Parents first: what is stored of their devices is read behind them. */
static enum err subscribe(struct devices *devices, const char *file, struct errbuf *e)
{
    enum err err = OK;
    if (!(devices->filters = arena_alloc(&devices->arena, DEVICE_FILTERS_MAX * sizeof *devices->filters)))
        return no_memory(e);
    for (size_t i = 0; i < devices->count && err == OK; i++)
        err = subscribe_to_parent(devices, &devices->sections[i], file, e);
    for (size_t i = 0; i < devices->count && err == OK; i++)
        err = subscribe_to_all(devices, &devices->sections[i], &devices->sections[i].topics, file, e);
    devices->stored_count = devices->filter_count;
    for (size_t i = 0; i < devices->count && err == OK; i++)
        err = subscribe_to_all(devices, &devices->sections[i], &devices->sections[i].beats, file, e);
    return err;
}

enum err devices_finish(struct devices *devices, const char *file, struct errbuf *e)
{
    enum err err = OK;
    for (size_t i = 0; i < devices->count && err == OK; i++)
        if ((err = fill_in(devices, &devices->sections[i], e)) == OK)
            err = check_section(&devices->sections[i], file, e);
    if (err == OK)
        err = check_hives(devices, file, e);
    return err == OK ? subscribe(devices, file, e) : err;
}
