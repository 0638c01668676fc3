/* roster.h - the workers of a hive as hive.ini lists them: `[worker "NAME"]` sections. Pure: fed key by key.
 *
 *     [worker "w1"]
 *     command = python3 serve.py --port 8001
 *     interval = 5s
 *     watchdog = 30s
 *     feed = skep-probe vllm http://127.0.0.1:8001
 *     restart = on-failure
 *     environment = MODEL=llama
 *     directory = /srv/w1
 */
#ifndef SKEP_ROSTER_H
#define SKEP_ROSTER_H

#include "arena.h"
#include "name.h"
#include "process.h"

#define ROSTER_MAX 1000
#define ROSTER_ENVIRONMENT_MAX 64

struct roster_entry {
    const char *name;
    char **command;       /* NULL-terminated */
    ms_t interval;        /* 0 = the agent's own default */
    const char *watchdog; /* as it is written; NULL = the agents' */
    const char *feed;     /* the same of its companion; NULL = none */
    enum restart_policy restart;
    char *environment[ROSTER_ENVIRONMENT_MAX + 1]; /* KEY=VALUE, NULL-terminated */
    size_t environment_count;
    const char *directory; /* NULL = the hive's */
    int line;              /* of its section */
    unsigned given;        /* which keys were given, a bit each */
    uint64_t fingerprint;  /* of how it is started; whoever knows that fills it in (launch.h) */
};

struct roster {
    struct arena arena;           /* everything that the entries point to */
    struct roster_entry *entries; /* room for ROSTER_MAX; NULL while there are none */
    size_t count;
};

void roster_init(struct roster *roster);
void roster_clear(struct roster *roster);

/* True if the section is `worker "..."`, so that its keys belong here. */
bool roster_is_section(const char *section);

/* One key (NULL: the section's head) in file order. ERR_ID, ERR_DUPLICATE (section or key given twice), ERR_UNKNOWN,
 * ERR_RANGE, ERR_SYNTAX, ERR_FULL, ERR_NOMEM, with the sentence; the caller adds file and line. */
enum err roster_key(struct roster *roster, const char *section, const char *key, const char *value, int line,
                    struct errbuf *e);

/* What only the whole shows: a worker without a command. The sentence begins with `file` and line. */
enum err roster_check(const struct roster *roster, const char *file, struct errbuf *e);

const struct roster_entry *roster_find(const struct roster *roster, const char *name); /* NULL when not listed */

#endif
