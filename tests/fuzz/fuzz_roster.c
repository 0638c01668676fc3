/* A hive.ini of any kind: what is accepted has workers that can be started, each with a name of its own. */
#include "fuzz.h"
#include "inifile.h"
#include "launch.h"
#include "roster.h"

static enum err take(void *user, const char *section, const char *key, const char *value, int line, struct errbuf *e)
{
    struct roster *roster = user;
    size_t before = roster->count;
    enum err err;
    if (!roster_is_section(section))
        return OK;
    require(!key || before > 0); /* a refused head ends the reading */
    err = roster_key(roster, section, key, value, line, e);
    require((err == OK) == (e->text[0] == '\0'));
    require(roster->count == before + (!key && err == OK));
    return err;
}

static void check_entry(struct roster *roster, struct roster_entry *entry)
{
    static char *none[] = { NULL };
    struct launch_options options = { "h", none, none, none };
    struct launch launch;
    uint64_t fingerprint;
    require(text_is_id(text_of(entry->name)) && roster_find(roster, entry->name) == entry);
    require(entry->command && entry->command[0] && entry->restart < RESTART_POLICY_COUNT);
    require(!entry->directory || entry->directory[0] == '/');
    for (size_t i = 0; i < entry->environment_count; i++)
        require(entry->environment[i][0] != '=' && strchr(entry->environment[i], '='));
    require(launch_make(&roster->arena, &options, entry, 1, &launch) == OK && launch.words[0]);
    require(launch_fingerprint(&roster->arena, &options, entry, &fingerprint) == OK && fingerprint != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct roster roster;
    struct errbuf e = { 0 };
    enum err err;
    roster_init(&roster);
    err = inifile_parse_text((struct text){ (const char *)bytes, len }, "f", take, &roster, &e);
    if (err == OK)
        err = roster_check(&roster, "f", &e);
    require((err == OK) == (e.text[0] == '\0'));
    for (size_t i = 0; err == OK && i < roster.count; i++)
        check_entry(&roster, &roster.entries[i]);
    roster_clear(&roster);
    return 0;
}
