#include "roster.h"

#include <stdlib.h>

#include "argv_split.h"

#define SECTION_PREFIX "worker \""
#define INTERVAL_MIN 50
#define DAY_MS (24LL * 3600 * 1000)

#define X(symbol, name) [RESTART_##symbol] = name,
static const char *const policy_names[] = { RESTART_POLICIES(X) };
#undef X

void roster_init(struct roster *roster)
{
    *roster = (struct roster){ 0 };
}

void roster_clear(struct roster *roster)
{
    arena_clear(&roster->arena);
    free(roster->entries);
    roster_init(roster);
}

bool roster_is_section(const char *section)
{
    return strncmp(section, SECTION_PREFIX, strlen(SECTION_PREFIX)) == 0;
}

/* worker "NAME" -> NAME */
static bool section_name(const char *section, struct text *ret)
{
    struct text name = text_of(section + strlen(SECTION_PREFIX));
    if (name.len == 0 || name.at[name.len - 1] != '"')
        return false;
    name.len--;
    *ret = name;
    return true;
}

static enum err begin(struct roster *roster, const char *section, int line, struct errbuf *e)
{
    struct roster_entry *entry;
    struct text name;
    enum err err;
    if (!section_name(section, &name))
        return err_set(e, ERR_SYNTAX, "a worker's section is written [worker \"NAME\"]");
    if ((err = name_check(name, "worker", e)) != OK)
        return err;
    if (roster->count == ROSTER_MAX)
        return err_set(e, ERR_FULL, "more than %d workers", ROSTER_MAX);
    if (!roster->entries)
        roster->entries = calloc(ROSTER_MAX, sizeof *roster->entries);
    if (!roster->entries)
        return err_set(e, ERR_NOMEM, "out of memory");
    entry = &roster->entries[roster->count];
    *entry = (struct roster_entry){ .name = arena_copy(&roster->arena, name), .line = line };
    if (!entry->name)
        return err_set(e, ERR_NOMEM, "out of memory");
    if (roster_find(roster, entry->name))
        return err_set(e, ERR_DUPLICATE, "worker %s is listed twice", entry->name);
    roster->count++;
    return OK;
}

static enum err set_command(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    size_t count;
    enum err err = argv_split(&roster->arena, text_of(value), &entry->command, &count, e);
    if (err == OK && count == 0)
        err = err_set(e, ERR_RANGE, "command: is empty");
    return err;
}

static enum err set_interval(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    (void)roster;
    if (text_to_duration(text_of(value), &entry->interval) != OK || entry->interval < INTERVAL_MIN ||
        entry->interval > DAY_MS)
        return err_set(e, ERR_RANGE, "interval %s: must be a duration from 50ms to 1d", value);
    return OK;
}

static enum err set_watchdog(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    ms_t limit;
    if (text_to_duration(text_of(value), &limit) != OK || limit < 0 || limit > DAY_MS)
        return err_set(e, ERR_RANGE, "watchdog %s: must be a duration up to 1d, or 0 for none", value);
    entry->watchdog = arena_copy(&roster->arena, text_of(value));
    return entry->watchdog ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

static enum err set_feed(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    struct errbuf why = { 0 };
    char **words;
    size_t count;
    if (argv_split(&roster->arena, text_of(value), &words, &count, &why) != OK || count == 0)
        return err_set(e, ERR_SYNTAX, "feed: %s", why.text[0] ? why.text : "is empty");
    entry->feed = arena_copy(&roster->arena, text_of(value));
    return entry->feed ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

static enum err set_restart(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    (void)roster;
    for (int policy = 0; policy < RESTART_POLICY_COUNT; policy++)
        if (strcmp(value, policy_names[policy]) == 0) {
            entry->restart = policy;
            return OK;
        }
    return err_set(e, ERR_RANGE, "restart %s: must be always, on-failure or never", value);
}

/* Names of the agent's own interface: what the hive passes by them must not be bent by a worker's section. */
static const struct {
    const char *begin, *why;
} reserved[] = {
    { "SKEP_", "names that begin with SKEP_ belong to the agent" },
    { "NOTIFY_SOCKET=", "the agent sets it" },
    { "WATCHDOG_USEC=", "the agent sets it: use watchdog = TIME, e.g. watchdog = 30s" },
    { "WATCHDOG_PID=", "the agent sets it: use watchdog = TIME, e.g. watchdog = 30s" },
};

/* NULL: it is not reserved. */
static const char *reserved_why(const char *assignment)
{
    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (strncmp(assignment, reserved[i].begin, strlen(reserved[i].begin)) == 0)
            return reserved[i].why;
    return NULL;
}

static enum err add_environment(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    const char *equals = strchr(value, '='), *why = reserved_why(value);
    if (!equals || equals == value)
        return err_set(e, ERR_SYNTAX, "environment %s: must be KEY=VALUE", value);
    if (why)
        return err_set(e, ERR_REFUSED, "environment %s: %s", value, why);
    if (entry->environment_count == ROSTER_ENVIRONMENT_MAX)
        return err_set(e, ERR_FULL, "environment: at most %d of them", ROSTER_ENVIRONMENT_MAX);
    if (!(entry->environment[entry->environment_count] = arena_copy(&roster->arena, text_of(value))))
        return err_set(e, ERR_NOMEM, "out of memory");
    entry->environment_count++;
    return OK;
}

static enum err set_directory(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e)
{
    if (value[0] != '/')
        return err_set(e, ERR_RANGE, "directory %s: must be an absolute path", value);
    entry->directory = arena_copy(&roster->arena, text_of(value));
    return entry->directory ? OK : err_set(e, ERR_NOMEM, "out of memory");
}

static const struct key {
    const char *name;
    enum err (*set)(struct roster *roster, struct roster_entry *entry, const char *value, struct errbuf *e);
    bool repeatable;
} keys[] = {
    { "command", set_command, false },     { "interval", set_interval, false },
    { "restart", set_restart, false },     { "environment", add_environment, true },
    { "directory", set_directory, false }, { "watchdog", set_watchdog, false },
    { "feed", set_feed, false },
};

static enum err set(struct roster *roster, struct roster_entry *entry, const char *key, const char *value,
                    struct errbuf *e)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        if (strcmp(key, keys[i].name) != 0)
            continue;
        if (!keys[i].repeatable && (entry->given & 1u << i))
            return err_set(e, ERR_DUPLICATE, "%s is given twice", key);
        entry->given |= 1u << i;
        return keys[i].set(roster, entry, value, e);
    }
    return err_set(e, ERR_UNKNOWN,
                   "%s: a worker has command, feed, interval, watchdog, restart, environment and directory", key);
}

enum err roster_key(struct roster *roster, const char *section, const char *key, const char *value, int line,
                    struct errbuf *e)
{
    if (!key)
        return begin(roster, section, line, e);
    return set(roster, &roster->entries[roster->count - 1], key, value, e);
}

enum err roster_check(const struct roster *roster, const char *file, struct errbuf *e)
{
    for (size_t i = 0; i < roster->count; i++)
        if (!roster->entries[i].command)
            return err_set(e, ERR_MISSING, "%s:%d: worker %s has no command", file, roster->entries[i].line,
                           roster->entries[i].name);
    return OK;
}

const struct roster_entry *roster_find(const struct roster *roster, const char *name)
{
    for (size_t i = 0; i < roster->count; i++)
        if (strcmp(roster->entries[i].name, name) == 0)
            return &roster->entries[i];
    return NULL;
}
