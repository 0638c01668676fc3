#include "launch.h"

#include "buf.h"
#include "siphash.h"
#include "word_list.h"

#define AGENT_NAME "skep-worker"

/* An option that is given twice: the last one counts, so a worker's own interval comes behind the agents' common one.
 */
static void add_words(struct word_list *list, const struct launch_options *options, const struct roster_entry *entry)
{
    word_list_add(list, arena_copy(list->arena, TEXT(AGENT_NAME)));
    word_list_add_all(list, options->words);
    word_list_add(list, arena_printf(list->arena, "--hive=%s", options->hive));
    word_list_add(list, arena_printf(list->arena, "--id=%s", entry->name));
    if (entry->interval != 0)
        word_list_add(list, arena_printf(list->arena, "--interval=%s", DURATION_TEXT(entry->interval)));
    if (entry->watchdog)
        word_list_add(list, arena_printf(list->arena, "--watchdog=%s", entry->watchdog));
    if (entry->feed)
        word_list_add(list, arena_printf(list->arena, "--feed=%s", entry->feed));
    word_list_add(list, arena_copy(list->arena, TEXT("--exec")));
    word_list_add(list, arena_copy(list->arena, TEXT("--")));
    word_list_add_all(list, entry->command);
}

static const char *const hives_own[] = {
    "SKEP_", "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=", "LISTEN_", NULL
};

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

static void add_environment(struct word_list *list, const struct launch_options *options,
                            const struct roster_entry *entry, uint64_t session)
{
    for (char *const *variable = options->environment; *variable; variable++)
        if (!word_begins_with(*variable, hives_own) && !is_overruled(*variable, entry))
            word_list_add(list, *variable);
    word_list_add_all(list, entry->environment);
    word_list_add_all(list, options->variables);
    word_list_add(list, arena_printf(list->arena, "SKEP_SESSION=%s", HEX64_TEXT(session)));
    word_list_add(list, arena_printf(list->arena, "SKEP_GATE_FD=%d", LAUNCH_GATE_FD));
}

enum err launch_make(struct arena *arena, const struct launch_options *options, const struct roster_entry *entry,
                     uint64_t session, struct launch *ret)
{
    struct word_list words = { .arena = arena }, environment = { .arena = arena };
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
    struct word_list words = { .arena = arena };
    auto_clear(buf) all = BUF_INIT;
    uint64_t hash;
    add_words(&words, options, entry);
    if (words.failed)
        return ERR_NOMEM;
    add_strings(&all, words.at);
    add_strings(&all, entry->environment);
    buf_add_str(&all, entry->directory ? entry->directory : "");
    hash = siphash(&key, buf_str(&all), all.len);
    if (!buf_ok(&all))
        return ERR_NOMEM;
    *ret = hash ? hash : 1;
    return OK;
}
