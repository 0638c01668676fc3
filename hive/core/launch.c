#include "launch.h"

#include "buf.h"
#include "siphash.h"

#define AGENT_NAME "skep-worker"

/* A list of strings that grows in an arena; `failed` is looked at once, at the end. */
struct list {
    struct arena *arena;
    char **at;
    size_t count, size;
    bool failed;
};

static void list_add(struct list *list, char *word)
{
    if (list->count + 1 >= list->size) {
        size_t size = list->size ? 2 * list->size : 32;
        char **grown = arena_alloc(list->arena, size * sizeof *grown);
        if (!grown) {
            list->failed = true;
            return;
        }
        if (list->count)
            memcpy(grown, list->at, list->count * sizeof *grown);
        list->at = grown;
        list->size = size;
    }
    list->failed |= !word;
    list->at[list->count++] = word;
    list->at[list->count] = NULL;
}

static void list_add_all(struct list *list, char *const *words)
{
    for (; *words; words++)
        list_add(list, *words);
}

static void add_interval(struct list *list, ms_t interval)
{
    char shown[DURATION_SIZE];
    if (interval == 0)
        return;
    duration_to_text(interval, shown);
    list_add(list, arena_printf(list->arena, "--interval=%s", shown));
}

/* An option that is given twice: the last one counts, so a worker's own interval comes behind the agents' common one.
 */
static void add_words(struct list *list, const struct launch_options *options, const struct roster_entry *entry)
{
    list_add(list, arena_copy(list->arena, TEXT(AGENT_NAME)));
    list_add_all(list, options->words);
    list_add(list, arena_printf(list->arena, "--hive=%s", options->hive));
    list_add(list, arena_printf(list->arena, "--id=%s", entry->name));
    add_interval(list, entry->interval);
    list_add(list, arena_copy(list->arena, TEXT("--exec")));
    list_add(list, arena_copy(list->arena, TEXT("--")));
    list_add_all(list, entry->command);
}

static bool begins_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_hives_own(const char *variable)
{
    static const char *const prefixes[] = { "SKEP_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_" };
    for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
        if (begins_with(variable, prefixes[i]))
            return true;
    return false;
}

static struct text name_of(const char *assignment)
{
    return (struct text){ assignment, strcspn(assignment, "=") };
}

static bool is_overruled(const char *variable, const struct roster_entry *entry)
{
    for (size_t i = 0; i < entry->environment_count; i++)
        if (text_equal(name_of(variable), name_of(entry->environment[i])))
            return true;
    return false;
}

static void add_environment(struct list *list, const struct launch_options *options, const struct roster_entry *entry,
                            uint64_t session)
{
    char hex[HEX64_SIZE];
    for (char *const *variable = options->environment; *variable; variable++)
        if (!is_hives_own(*variable) && !is_overruled(*variable, entry))
            list_add(list, *variable);
    list_add_all(list, entry->environment);
    list_add_all(list, options->variables);
    hex64_to_text(session, hex);
    list_add(list, arena_printf(list->arena, "SKEP_SESSION=%s", hex));
    list_add(list, arena_printf(list->arena, "SKEP_GATE_FD=%d", LAUNCH_GATE_FD));
}

enum err launch_make(struct arena *arena, const struct launch_options *options, const struct roster_entry *entry,
                     uint64_t session, struct launch *ret)
{
    struct list words = { .arena = arena }, environment = { .arena = arena };
    add_words(&words, options, entry);
    add_environment(&environment, options, entry, session);
    if (words.failed || environment.failed)
        return ERR_NOMEM;
    *ret = (struct launch){ words.at, environment.at };
    return OK;
}

static void add_strings(struct buf *buf, char *const *strings)
{
    for (; *strings; strings++)
        buf_add(buf, *strings, strlen(*strings) + 1);
    buf_add_char(buf, '\0');
}

enum err launch_fingerprint(struct arena *arena, const struct launch_options *options, const struct roster_entry *entry,
                            uint64_t *ret)
{
    static const struct siphash_key key = { 0, 0 }; /* kept over restarts; nobody gains by a collision */
    struct list words = { .arena = arena };
    struct buf all = BUF_INIT;
    uint64_t hash;
    add_words(&words, options, entry);
    if (words.failed)
        return ERR_NOMEM;
    add_strings(&all, words.at);
    add_strings(&all, entry->environment);
    buf_add_str(&all, entry->directory ? entry->directory : "");
    hash = siphash(&key, buf_str(&all), all.len);
    if (!buf_ok(&all)) {
        buf_clear(&all);
        return ERR_NOMEM;
    }
    buf_clear(&all);
    *ret = hash ? hash : 1;
    return OK;
}
